package b

import (
	"a"
	"context"
	"io"

	"github.com/minio/minio-go/v7"
)

func fromAnotherPackage(ctx context.Context, c *minio.Client, r io.Reader) {
	a.Put(ctx, c, r, -1) // want `-1 stands for an unknown one`
}
