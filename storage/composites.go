package storage

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Composite is a picture that was stitched together of files of a filing (拼接图), as it was asked for and as it was made.
type Composite struct {
	bun.BaseModel `bun:"table:composites,alias:x"`

	ID       string `bun:"id,pk"`
	FilingID string `bun:"filing_id"`
	// Recipe is the JSON of what was asked for, RecipeDigest names it: the same asked for twice in a filing is one composite.
	Recipe       []byte `bun:"recipe"`
	RecipeDigest string `bun:"recipe_digest"`
	// Made is the JSON of what was made, empty where nothing was; Basis names the sources and versions that it was made of, and
	// Object the key under which its picture is kept.
	Made   []byte `bun:"made"`
	Basis  string `bun:"basis"`
	Object string `bun:"object"`
	// Failure is the code why it could not be made of the sources that Basis names; empty where it was.
	Failure   string    `bun:"failure"`
	CreatedBy string    `bun:"created_by"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

// picture is what is known of the bytes of a composite's picture.
type picture struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// pictureOf is that of a composite which was made.
func pictureOf(c *Composite) (sum Digest, size int64, err error) {
	var p picture
	if err := json.Unmarshal(c.Made, &p); err != nil {
		return Digest{}, 0, fmt.Errorf("composite %s as kept: %w", c.ID, err)
	}
	if sum, err = ParseDigest(p.SHA256); err != nil {
		return Digest{}, 0, fmt.Errorf("composite %s as kept: %w", c.ID, err)
	}
	return sum, p.Bytes, nil
}

// forget makes a composite one whose picture is to be made again.
func (c *Composite) forget() { c.Made, c.Basis, c.Object, c.Failure = []byte{}, "", "", "" }

// Recipes of the derivatives that composites are: they lie beside their first source.
const (
	compositeRecipe = "composite"
	thumbnailRecipe = "composite-thumbnail"
)

// CompositeKey returns the key of a composite's picture: basis names all that it is made of, in [0-9a-f].
func CompositeKey(first Digest, basis string) string {
	return DerivativeKey(first, compositeRecipe, basis)
}

// CompositeThumbnailKey returns the key of the small copy of a composite's picture.
func CompositeThumbnailKey(object string) string {
	return strings.Replace(object, "."+compositeRecipe+".", "."+thumbnailRecipe+".", 1)
}

// compositeOf returns the key of the composite's picture that a key is, or is the small copy of.
func compositeOf(key string) (object string, ok bool) {
	object = strings.Replace(key, "."+thumbnailRecipe+".", "."+compositeRecipe+".", 1)
	return object, strings.Contains(object, "."+compositeRecipe+".")
}

type compositeSourceRow struct {
	bun.BaseModel `bun:"table:composite_sources,alias:xs"`

	CompositeID string `bun:"composite_id,pk"`
	MaterialID  string `bun:"material_id,pk"`
}

// CreateComposite records what is asked for, of these materials of the filing; c.FilingID, Recipe, RecipeDigest and CreatedBy are
// read. The same recipe again answers with the composite that is there. A material that is not the filing's is ErrNotFound.
func (r *Records) CreateComposite(ctx context.Context, c Composite, materials []string) (Composite, error) {
	id, err := newID()
	if err != nil {
		return Composite{}, err
	}
	var out Composite
	err = r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var f Filing
		// Requests for one filing take turns, so that of two equal ones at once exactly one makes a row.
		if err := r.lock(tx.NewSelect().Model(&f).Column("id").Where("id = ?", c.FilingID)).Scan(ctx); err != nil {
			return err
		}
		out = Composite{}
		err := tx.NewSelect().Model(&out).Where("filing_id = ? AND recipe_digest = ?", c.FilingID, c.RecipeDigest).Scan(ctx)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		sources := make([]compositeSourceRow, 0, len(materials))
		seen := map[string]bool{}
		for _, m := range materials {
			if !seen[m] {
				seen[m] = true
				sources = append(sources, compositeSourceRow{CompositeID: id, MaterialID: m})
			}
		}
		n, err := tx.NewSelect().Model((*Material)(nil)).Where("filing_id = ? AND id IN (?)", c.FilingID, bun.In(materials)).Count(ctx)
		if err != nil {
			return err
		}
		if n != len(sources) {
			return ErrNotFound
		}
		now := r.now()
		out = c
		out.ID, out.Made, out.CreatedAt, out.UpdatedAt = id, []byte{}, now, now
		if _, err := tx.NewInsert().Model(&out).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewInsert().Model(&sources).Exec(ctx)
		return err
	})
	if err != nil {
		return Composite{}, fmt.Errorf("create composite of filing %s: %w", printable(c.FilingID), err)
	}
	return out, nil
}

// SaveComposite writes down what was made, or why nothing could be: Made, Basis, Object and Failure; shown are the materials that the
// picture shows, which may have replaced those that it was asked for with: it goes with any of them. A composite that is no longer
// there, and a picture of a material that is not, is ErrNotFound.
func (r *Records) SaveComposite(ctx context.Context, c Composite, shown ...string) error {
	if c.Made == nil {
		c.Made = []byte{}
	}
	c.UpdatedAt = r.now()
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		shown := slices.Compact(slices.Sorted(slices.Values(shown)))
		held, err := r.hold(ctx, tx, "materials", shown)
		if err != nil {
			return err
		}
		if len(held) < len(shown) {
			return ErrNotFound
		}
		result, err := tx.NewUpdate().Model(&c).Column("made", "basis", "object", "failure", "updated_at").WherePK().Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, ErrNotFound)
		}
		sources := make([]compositeSourceRow, len(shown))
		for i, id := range shown {
			sources[i] = compositeSourceRow{CompositeID: c.ID, MaterialID: id}
		}
		return insertNew(ctx, tx, sources)
	})
	if err != nil {
		return fmt.Errorf("save composite %s: %w", printable(c.ID), err)
	}
	return nil
}

// Composite returns a composite.
func (r *Records) Composite(ctx context.Context, id string) (Composite, error) {
	var c Composite
	if err := r.read.NewSelect().Model(&c).Where("id = ?", id).Scan(ctx); err != nil {
		return Composite{}, fmt.Errorf("composite %s: %w", printable(id), r.classify(err))
	}
	return c, nil
}

// CompositesOf returns the composites of a filing in the order of their making.
func (r *Records) CompositesOf(ctx context.Context, filingID string) ([]Composite, error) {
	list := []Composite{}
	if err := r.read.NewSelect().Model(&list).Where("filing_id = ?", filingID).Order("id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("composites of filing %s: %w", printable(filingID), r.classify(err))
	}
	return list, nil
}

// CompositesOfFilings returns the composites of these filings, filing by filing in the order of their ids.
func (r *Records) CompositesOfFilings(ctx context.Context, filings []string) ([]Composite, error) {
	list := []Composite{}
	for some := range slices.Chunk(filings, saveRows) {
		var found []Composite
		if err := r.read.NewSelect().Model(&found).Where("filing_id IN (?)", bun.In(some)).Order("filing_id", "id").Scan(ctx); err != nil {
			return nil, fmt.Errorf("composites of filings: %w", r.classify(err))
		}
		list = append(list, found...)
	}
	return list, nil
}

// CompositesWith returns the composites that were asked for with a material: before that is deleted their pictures are, since
// they show it.
func (r *Records) CompositesWith(ctx context.Context, materialID string) ([]Composite, error) {
	list := []Composite{}
	if err := r.read.NewSelect().Model(&list).Join("JOIN composite_sources AS xs ON xs.composite_id = x.id").
		Where("xs.material_id = ?", materialID).Order("x.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("composites with material %s: %w", printable(materialID), r.classify(err))
	}
	return list, nil
}

// DeleteComposite forgets a composite. One that is not there is no error.
func (r *Records) DeleteComposite(ctx context.Context, id string) error {
	if _, err := r.db.NewDelete().Model((*Composite)(nil)).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("delete composite %s: %w", printable(id), r.classify(err))
	}
	return nil
}

// dropComposites forgets the composites with any of these materials.
func dropComposites(ctx context.Context, tx bun.Tx, materials []string) error {
	with := tx.NewSelect().Model((*compositeSourceRow)(nil)).Column("composite_id").Where("material_id IN (?)", bun.In(materials))
	_, err := tx.NewDelete().Model((*Composite)(nil)).Where("id IN (?)", with).Exec(ctx)
	return err
}

// ForgetPicture has a composite made again when it is next asked for, unless it has another picture than that under the key by now.
func (r *Records) ForgetPicture(ctx context.Context, id, object string) error {
	c := Composite{ID: id, UpdatedAt: r.now()}
	c.forget()
	_, err := r.db.NewUpdate().Model(&c).Column("made", "basis", "object", "failure", "updated_at").WherePK().Where("object = ?", object).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget the picture of composite %s: %w", printable(id), r.classify(err))
	}
	return nil
}

// whichPictures tells which of some keys are those of composites.
func (r *Records) whichPictures(ctx context.Context, objects []string) (map[string]bool, error) {
	known := map[string]bool{}
	for some := range slices.Chunk(objects, saveRows) {
		var found []string
		if err := r.db.NewSelect().Model((*Composite)(nil)).Column("object").Where("object IN (?)", bun.In(some)).Scan(ctx, &found); err != nil {
			return nil, fmt.Errorf("look for composites: %w", r.classify(err))
		}
		for _, key := range found {
			known[key] = true
		}
	}
	return known, nil
}
