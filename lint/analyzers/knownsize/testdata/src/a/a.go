package a

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"
)

const unlimited = -1

func literal(ctx context.Context, c *minio.Client, r io.Reader) {
	c.PutObject(ctx, "b", "k", r, -1, minio.PutObjectOptions{}) // want `-1 stands for an unknown one`
}

func named(ctx context.Context, c *minio.Client, r io.Reader) {
	c.PutObject(ctx, "b", "k", r, unlimited, minio.PutObjectOptions{}) // want `-1 stands for an unknown one`
}

func variable(ctx context.Context, c *minio.Client, r io.Reader, body []byte) {
	size := int64(-1)
	if body != nil {
		size = int64(len(body))
	}
	c.PutObject(ctx, "b", "k", r, size, minio.PutObjectOptions{}) // want `-1 stands for an unknown one`
}

func escaping(ctx context.Context, c *minio.Client, r io.Reader) func() {
	size := int64(-1)
	c.PutObject(ctx, "b", "k", r, size, minio.PutObjectOptions{}) // want `-1 stands for an unknown one`
	return func() { size = 3 }
}

func claimed(c *minio.Client, req *http.Request) {
	c.PutObject(req.Context(), "b", "k", req.Body, req.ContentLength, minio.PutObjectOptions{}) // want `ContentLength is what the other side claims`
}

type putter interface {
	PutObject(ctx context.Context, bucket, object string, reader io.Reader, objectSize int64, opts minio.PutObjectOptions) (minio.UploadInfo, error)
}

func throughAnInterface(ctx context.Context, p putter, r io.Reader) {
	p.PutObject(ctx, "b", "k", r, -1, minio.PutObjectOptions{}) // want `-1 stands for an unknown one`
}

func inAGoroutine(ctx context.Context, c *minio.Client, r io.Reader) {
	go c.PutObject(ctx, "b", "k", r, -1, minio.PutObjectOptions{}) // want `-1 stands for an unknown one`
}

// Put hands its size on, so those who call it are looked at.
func Put(ctx context.Context, c *minio.Client, r io.Reader, size int64) { // want Put:"hands a size to PutObject"
	outer(ctx, c, r, size)
}

func outer(ctx context.Context, c *minio.Client, r io.Reader, size int64) { // want outer:"hands a size to PutObject"
	c.PutObject(ctx, "b", "k", r, size, minio.PutObjectOptions{})
}

func wrapped(ctx context.Context, c *minio.Client, r io.Reader) {
	Put(ctx, c, r, -1) // want `-1 stands for an unknown one`
}

func good(ctx context.Context, c *minio.Client, body []byte) {
	c.PutObject(ctx, "b", "k", bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
	c.PutObject(ctx, "b", "empty", bytes.NewReader(nil), 0, minio.PutObjectOptions{})
	Put(ctx, c, bytes.NewReader(body), int64(len(body)))
}

type other struct{}

func (other) PutObject(name string, priority int) {}

func anotherPutObject(o other) { o.PutObject("k", -1) }
