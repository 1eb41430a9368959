package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// recordAttempts bounds how often Record stores anew what a deletion takes away under it: once is the rule.
const recordAttempts = 5

// Record records an upload whose object was put under ObjectKey, and sees to it that record and object stay together
// even where the last other use of the same bytes is deleted at this very moment: it finishes such a deletion, puts the
// object again, and looks once more after the record stands. From then on no deletion takes the object, since the record
// refers to it. Nil means that the upload may be acknowledged.
func Record(ctx context.Context, records *Records, objects Objects, content Content, u Upload) (Uploaded, error) {
	key := ObjectKey(u.Sum)
	for n := 1; ; n++ {
		uploaded, err := records.RecordUpload(ctx, u)
		if errors.Is(err, ErrDeleting) && n < recordAttempts {
			if err := RemoveContent(ctx, records, objects, u.Sum); err != nil {
				return Uploaded{}, err
			}
			if err := objects.Put(ctx, key, content); err != nil {
				return Uploaded{}, err
			}
			continue
		}
		if err != nil {
			return Uploaded{}, err
		}
		_, err = objects.Stat(ctx, key)
		if errors.Is(err, ErrNotFound) {
			err = objects.Put(ctx, key, content)
		}
		return uploaded, err
	}
}

// RemoveContent deletes the objects of a content that nothing refers to any more, the original and its derivatives, and
// finishes its deletion. Where the deletion is finished already, or was never begun, it does nothing.
func RemoveContent(ctx context.Context, records *Records, objects Objects, sum Digest) error {
	gone := int64(0)
	err := records.FinishDeletion(ctx, sum, func(ctx context.Context) error {
		// The database waits meanwhile, so this must end.
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := objects.Delete(ctx, ObjectKey(sum)); err != nil {
			return err
		}
		for info, err := range objects.List(ctx, DerivativePrefix(sum), "") {
			if err != nil {
				return err
			}
			if err := objects.Delete(ctx, info.Key); err != nil {
				return err
			}
			gone++
		}
		gone++
		return nil
	})
	if err != nil || gone == 0 {
		return err
	}
	return records.finishReceipts(ctx, sum, gone)
}

// RemoveDeleted deletes the objects of up to limit contents whose deletion a crash has interrupted, and returns how many
// there were. Run it at start and now and then.
func RemoveDeleted(ctx context.Context, records *Records, objects Objects, limit int) (int, error) {
	sums, err := records.Deletions(ctx, limit)
	if err != nil {
		return 0, err
	}
	for n, sum := range sums {
		if err := RemoveContent(ctx, records, objects, sum); err != nil {
			return n, fmt.Errorf("remove deleted contents: %w", err)
		}
	}
	return len(sums), nil
}
