package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Activation says that a set of rules was put in force (规则生效记录). The newest one holds; the earlier ones are the history.
type Activation struct {
	bun.BaseModel `bun:"table:activations,alias:a"`

	ID string `bun:"id,pk"`
	// Rules is the hash of the set.
	Rules string `bun:"rules"`
	// By is the principal who activated it.
	By          string    `bun:"activated_by"`
	ActivatedAt time.Time `bun:"activated_at"`
}

// ActivateRules puts a set of rules in force, for every process on these records.
func (r *Records) ActivateRules(ctx context.Context, rules, by string) (Activation, error) {
	id, err := newID()
	if err != nil {
		return Activation{}, err
	}
	a := Activation{ID: id, Rules: rules, By: by, ActivatedAt: r.now()}
	if _, err := r.db.NewInsert().Model(&a).Exec(ctx); err != nil {
		return Activation{}, fmt.Errorf("activate rules: %w", r.classify(err))
	}
	return a, nil
}

// Activations returns the newest activations, newest first, at most limit.
func (r *Records) Activations(ctx context.Context, limit int) ([]Activation, error) {
	list := []Activation{}
	if err := r.read.NewSelect().Model(&list).Order("id DESC").Limit(limit).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list activations: %w", r.classify(err))
	}
	return list, nil
}
