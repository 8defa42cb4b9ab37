package main

import (
	"context"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	v1 "longshore.dev/test/real/manager/api/v1"
)

const defaultLanguage = "en"

// defaulter fills in the language of a Site.
type defaulter struct{}

func (defaulter) Default(_ context.Context, site *v1.Site) error {
	if site.Spec.Content.Language == "" {
		site.Spec.Content.Language = defaultLanguage
	}
	return nil
}

// validator wants texts that are clean, and languages that stay.
type validator struct{}

func (validator) ValidateCreate(_ context.Context, site *v1.Site) (admission.Warnings, error) {
	return validate(site, nil)
}

func (validator) ValidateUpdate(_ context.Context, old, site *v1.Site) (admission.Warnings, error) {
	var faults field.ErrorList
	if old.Spec.Content.Language != site.Spec.Content.Language {
		path := field.NewPath("spec", "content", "language")
		faults = append(faults, field.Invalid(path, site.Spec.Content.Language, "does not change"))
	}
	return validate(site, faults)
}

func (validator) ValidateDelete(_ context.Context, site *v1.Site) (admission.Warnings, error) {
	if site.Labels["keep"] == "yes" {
		return nil, apierrors.NewForbidden(v1.GroupVersion.WithResource("sites").GroupResource(), site.Name, nil)
	}
	return admission.Warnings{"its pages go with it"}, nil
}

func validate(site *v1.Site, faults field.ErrorList) (admission.Warnings, error) {
	text := site.Spec.Content.Text
	if strings.Contains(text, "spam") {
		faults = append(faults, field.Invalid(field.NewPath("spec", "content", "text"), text, "must not be spam"))
	}
	if len(faults) > 0 {
		return nil, apierrors.NewInvalid(v1.GroupVersion.WithKind("Site").GroupKind(), site.Name, faults)
	}
	if len(text) > 40 {
		return admission.Warnings{"a long text is seldom read"}, nil
	}
	return nil, nil
}
