// Package v1alpha1 is the older version of Site: its text stands in the spec itself.
package v1alpha1

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/conversion"

	v1 "longshore.dev/test/real/manager/api/v1"
)

var GroupVersion = schema.GroupVersion{Group: "sites.example.com", Version: "v1alpha1"}

// unconvertible is the text of a Site that ConvertTo refuses.
const unconvertible = "unconvertible"

type SiteSpec struct {
	Text     string `json:"text"`
	Language string `json:"language,omitempty"`
	Copies   *int32 `json:"copies,omitempty"`
}

type Site struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              SiteSpec      `json:"spec"`
	Status            v1.SiteStatus `json:"status,omitempty"`
}

type SiteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Site `json:"items"`
}

func (in *Site) ConvertTo(hub conversion.Hub) error {
	out, ok := hub.(*v1.Site)
	if !ok {
		return fmt.Errorf("%T is no hub of Site", hub)
	}
	if in.Spec.Text == unconvertible {
		return fmt.Errorf("the text of %s cannot be converted", in.Name)
	}
	out.ObjectMeta = in.ObjectMeta
	out.Spec = v1.SiteSpec{
		Content:  v1.Content{Text: in.Spec.Text, Language: in.Spec.Language},
		Replicas: in.Spec.Copies,
	}
	out.Status = in.Status
	return nil
}

func (in *Site) ConvertFrom(hub conversion.Hub) error {
	from, ok := hub.(*v1.Site)
	if !ok {
		return fmt.Errorf("%T is no hub of Site", hub)
	}
	in.ObjectMeta = from.ObjectMeta
	in.Spec = SiteSpec{Text: from.Spec.Content.Text, Language: from.Spec.Content.Language, Copies: from.Spec.Replicas}
	in.Status = from.Status
	return nil
}

func (in *Site) DeepCopyInto(out *Site) {
	*out = *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	if in.Spec.Copies != nil {
		copies := *in.Spec.Copies
		out.Spec.Copies = &copies
	}
	out.Status.Conditions = nil
	for i := range in.Status.Conditions {
		out.Status.Conditions = append(out.Status.Conditions, *in.Status.Conditions[i].DeepCopy())
	}
}

func (in *Site) DeepCopyObject() runtime.Object {
	out := new(Site)
	in.DeepCopyInto(out)
	return out
}

func (in *SiteList) DeepCopyObject() runtime.Object {
	out := &SiteList{TypeMeta: in.TypeMeta}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]Site, len(in.Items))
	for i := range in.Items {
		in.Items[i].DeepCopyInto(&out.Items[i])
	}
	return out
}

func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &Site{}, &SiteList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
