package storage

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// Who writes has turns in the order they came, an urgent one before those who wait, and who gives up leaves no hole.
func TestWritersHaveTheirTurnInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turn turns
		if err := turn.take(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var order []string
		wait := func(ctx context.Context, name string, urgent bool) {
			go func() {
				err := turn.take(ctx, urgent)
				if errors.Is(err, context.Canceled) {
					name += " gave up"
				} else {
					defer turn.give()
				}
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		impatient, end := context.WithCancel(t.Context())
		wait(t.Context(), "first", false)
		wait(impatient, "second", false)
		wait(t.Context(), "third", false)
		wait(t.Context(), "urgent", true)
		end()
		synctest.Wait()
		turn.give()
		synctest.Wait()
		if diff := cmp.Diff([]string{"second gave up", "urgent", "first", "third"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		if err := turn.take(t.Context(), false); err != nil || !turn.held {
			t.Errorf("behind all of them nobody has it: %v", err)
		}
	})
}
