package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	metav1apply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "longshore.dev/test/real/manager/api/v1"
)

const fieldManager = "sites"

// textIndex finds Sites by their text, in the cache.
const textIndex = "spec.content.text"

// reconciler keeps for each Site a ConfigMap with its pages, which the Site owns, and one that registers it, which the
// Site does not own: the finalizer is there for that one.
type reconciler struct {
	client.Client
	recorder events.EventRecorder
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var site v1.Site
	if err := r.Get(ctx, request.NamespacedName, &site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !site.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.finalize(ctx, &site)
	}
	if controllerutil.AddFinalizer(&site, v1.Finalizer) {
		return ctrl.Result{}, r.Update(ctx, &site)
	}
	if err := r.applyPages(ctx, &site); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.register(ctx, &site); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.report(ctx, &site)
}

func (r *reconciler) finalize(ctx context.Context, site *v1.Site) error {
	registration := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: site.Namespace, Name: registrationOf(site)}}
	if err := client.IgnoreNotFound(r.Delete(ctx, registration)); err != nil {
		return err
	}
	if !controllerutil.RemoveFinalizer(site, v1.Finalizer) {
		return nil
	}
	return client.IgnoreNotFound(r.Update(ctx, site))
}

// applyPages applies on the server's side, as the only manager of its fields.
func (r *reconciler) applyPages(ctx context.Context, site *v1.Site) error {
	owner := metav1apply.OwnerReference().
		WithAPIVersion(v1.GroupVersion.String()).WithKind("Site").WithName(site.Name).WithUID(site.UID).
		WithController(true).WithBlockOwnerDeletion(true)
	pages := corev1apply.ConfigMap(pagesOf(site), site.Namespace).WithOwnerReferences(owner)
	for i := range replicasOf(site) {
		pages.WithData(map[string]string{fmt.Sprintf("page-%d", i): site.Spec.Content.Text})
	}
	return r.Apply(ctx, pages, client.FieldOwner(fieldManager), client.ForceOwnership)
}

func (r *reconciler) register(ctx context.Context, site *v1.Site) error {
	registration := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: site.Namespace, Name: registrationOf(site)}}
	_, err := controllerutil.CreateOrPatch(ctx, r.Client, registration, func() error {
		registration.Data = map[string]string{"language": site.Spec.Content.Language}
		return nil
	})
	return err
}

func (r *reconciler) report(ctx context.Context, site *v1.Site) error {
	before := site.DeepCopyObject().(*v1.Site)
	var alike v1.SiteList
	if err := r.List(ctx, &alike, client.InNamespace(site.Namespace), client.MatchingFields{textIndex: site.Spec.Content.Text}); err != nil {
		return err
	}
	site.Status.ObservedGeneration = site.Generation
	site.Status.Pages = pagesOf(site)
	site.Status.Replicas = replicasOf(site)
	isNew := meta.SetStatusCondition(&site.Status.Conditions, metav1.Condition{
		Type:               v1.ReadyCondition,
		Status:             metav1.ConditionTrue,
		Reason:             "PagesApplied",
		Message:            fmt.Sprintf("%d sites have this text", len(alike.Items)),
		ObservedGeneration: site.Generation,
	})
	if !isNew {
		return nil
	}
	if err := r.Status().Patch(ctx, site, client.MergeFrom(before)); err != nil {
		return err
	}
	r.recorder.Eventf(site, nil, corev1.EventTypeNormal, "PagesApplied", "Apply", "generation %d", site.Generation)
	return nil
}

func pagesOf(site *v1.Site) string { return site.Name + "-pages" }

func registrationOf(site *v1.Site) string { return site.Name + "-registration" }

func replicasOf(site *v1.Site) int32 {
	if site.Spec.Replicas == nil {
		return 1
	}
	return *site.Spec.Replicas
}
