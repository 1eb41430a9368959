package server_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/preflight-icp/preflight/pipeline"
)

// heldRenderer draws thumbnails when it is told to.
type heldRenderer struct {
	pipeline.Renderer
	begun, goOn chan struct{}
	drawn       atomic.Int32
}

func (r *heldRenderer) Thumbnail(ctx context.Context, data []byte, longSide int) ([]byte, error) {
	if r.drawn.Add(1) == 1 {
		close(r.begun)
	}
	<-r.goOn
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.Renderer.Thumbnail(ctx, data, longSide)
}

func TestAThumbnailIsDrawnForOthersWhenTheOneWhoAskedFirstIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	held := &heldRenderer{Renderer: b.flow.Renderer, begun: make(chan struct{}), goOn: make(chan struct{})}
	b.flow.Renderer = held
	var m material
	b.upload("app", b.filing("app"), photo(t, 15)).want(201).into(&m)
	viewer := pipeline.Viewer{Name: "app"}

	first, leave := context.WithCancel(t.Context())
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = b.flow.Image(first, viewer, m.ID, pipeline.VariantThumbnail) // gone: nobody reads the answer
	}()
	select {
	case <-held.begun:
	case <-answered:
		t.Fatal("answered without a drawing")
	}
	leave()
	close(held.goOn)
	<-answered
	if _, err := b.flow.Image(t.Context(), viewer, m.ID, pipeline.VariantThumbnail); err != nil {
		t.Error(err)
	}
	if n := held.drawn.Load(); n != 1 {
		t.Errorf("drawn %d times", n)
	}
}
