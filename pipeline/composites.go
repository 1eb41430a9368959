package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/preflight-icp/preflight/checks"
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging"
	"github.com/preflight-icp/preflight/imaging/layouts"
	"github.com/preflight-icp/preflight/storage"
)

// Stitcher makes one picture of several. imaging.Analyzer does.
type Stitcher interface {
	Stitch(ctx context.Context, parts []imaging.StitchPart, o imaging.StitchOptions) (filing.Composite, []byte, error)
	MeasureParts(ctx context.Context, picture []byte, c *filing.Composite) error
}

// compositesVersion changes whenever the same sources would make another picture.
const compositesVersion = "2"

// compositeMargin is the space around and between parts where nothing else is asked for: 1 % keeps them apart for eye and machine.
const compositeMargin = 0.01

// CompositeRequest is what a composite is asked for as. Either Composition or Parts says of what.
type CompositeRequest struct {
	// Composition and Of name one of the compositions that the rules ask for (checks.Compositions); Of may be empty where there is
	// one of that name only.
	Composition string
	Of          string
	// Parts are ids of files of the filing, in the order in which they are to stand.
	Parts []string
	// Layout is one of imaging/layouts; empty is that of the composition, or auto.
	Layout string
	// Rectify shows the documents alone; Captions writes below each part what it was declared as.
	Rectify, Captions bool
	// Margin is the space around and between the parts (imaging.StitchOptions); nil is the usual one.
	Margin *float64
}

// compositeRecipe is what is kept of a request. Composition is by itself what the files of its pages are: current ones, always.
type compositeRecipe struct {
	Composition string            `json:"composition,omitempty"`
	Of          string            `json:"of,omitempty"`
	Clause      string            `json:"clause,omitempty"`
	Layout      string            `json:"layout"`
	Rectify     bool              `json:"rectify,omitempty"`
	Captions    bool              `json:"captions,omitempty"`
	Margin      *float64          `json:"margin,omitempty"`
	Parts       []compositeSource `json:"parts"`
}

// compositeSource is a file as it was when it was asked for.
type compositeSource struct {
	ID string `json:"id"`
	filing.Declared
}

// CompositeError says that a composite cannot be made of these files.
type CompositeError struct {
	// Code is one of imaging.StitchError, or CompositeIncomplete.
	Code string
}

// CompositeIncomplete says that a page that belongs into it was not uploaded, or was not checked yet.
const CompositeIncomplete = "composite_incomplete"

func (e *CompositeError) Error() string { return "composite: " + e.Code }

// MakeComposite makes a composite, or answers with the one that was made of the same files in the same way. It ends when the
// picture is kept. Errors are ErrNotFound, *RequestError, *CompositeError.
func (p *Pipeline) MakeComposite(ctx context.Context, who Viewer, filingID string, req CompositeRequest) (*filing.CompositeView, error) {
	f, err := p.visible(ctx, who, filingID)
	if err != nil {
		return nil, err
	}
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return nil, recordFailure(err)
	}
	recipe, err := p.recipe(f, req, list)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(recipe)
	if err != nil {
		return nil, fmt.Errorf("print recipe: %w", err)
	}
	sum := sha256.Sum256(text)
	var ids []string
	for _, s := range recipe.Parts {
		ids = append(ids, s.ID)
	}
	row, err := p.Records.CreateComposite(ctx, storage.Composite{
		FilingID: f.ID, Recipe: text, RecipeDigest: hex.EncodeToString(sum[:]), CreatedBy: who.Name,
	}, ids)
	if err != nil {
		return nil, recordFailure(err)
	}
	if row, err = p.freshComposite(ctx, f, row, list); err != nil {
		return nil, err
	}
	if row.Failure != "" {
		return nil, &CompositeError{row.Failure}
	}
	return p.compositeView(f, &row, list)
}

// recipe turns a request into what is kept of it.
func (p *Pipeline) recipe(f *storage.Filing, req CompositeRequest, list []storage.Material) (*compositeRecipe, error) {
	out := &compositeRecipe{Layout: req.Layout, Rectify: req.Rectify, Captions: req.Captions, Margin: req.Margin}
	if (req.Composition == "") == (len(req.Parts) == 0) {
		return nil, requestError("composition", "请在 composition 与 parts 中给出一个", "give either composition or parts")
	}
	if req.Composition != "" {
		facts, err := keptFacts(f)
		if err != nil {
			return nil, err
		}
		c, err := composition(p.compositions(facts), req.Composition, req.Of)
		if err != nil {
			return nil, err
		}
		out.Composition, out.Of, out.Clause = c.Code, c.Of, c.Clause
		if out.Layout == "" {
			out.Layout = c.Layout
		}
		for _, d := range c.Parts {
			m := currentFor(list, d)
			if m == nil {
				// Of alternatives one is enough; what a filing must have is for its report to say.
				continue
			}
			out.Parts = append(out.Parts, compositeSource{ID: m.ID, Declared: d})
		}
		if len(out.Parts) < 2 {
			return nil, &CompositeError{CompositeIncomplete}
		}
	}
	for _, id := range req.Parts {
		i := slices.IndexFunc(list, func(m storage.Material) bool { return m.ID == id })
		if i < 0 {
			return nil, ErrNotFound
		}
		out.Parts = append(out.Parts, compositeSource{ID: id, Declared: declaredOf(&list[i])})
	}
	if out.Layout == "" {
		out.Layout = layouts.Auto
	}
	if _, err := layouts.Named(out.Layout); err != nil {
		return nil, requestError("layout", "没有这种版式", "no such layout", layouts.Names()...)
	}
	if len(out.Parts) > imaging.MaxStitchParts {
		return nil, requestError("parts", "一张图最多拼 12 份", "at most 12 parts")
	}
	return out, nil
}

func requestError(field, zh, en string, allowed ...string) *RequestError {
	return &RequestError{Field: field, Problem: filing.Text{ZH: zh, EN: en}, Allowed: allowed}
}

// compositions are what the rules in force ask of a filing.
func (p *Pipeline) compositions(facts *filing.Facts) []checks.Composition {
	parties := PartiesOf(facts)
	return checks.Compositions(p.rules().Evaluate(p.dated(facts)), &parties)
}

// composition finds the one that is meant.
func composition(all []checks.Composition, code, of string) (*checks.Composition, error) {
	var found *checks.Composition
	var allowed []string
	for i := range all {
		c := &all[i]
		allowed = append(allowed, c.Code+"@"+c.Of)
		if c.Code == code && (of == "" || of == c.Of) {
			if found != nil {
				return nil, requestError("of", "有多组，请说明属于谁", "there is more than one: say whose", allowed...)
			}
			found = c
		}
	}
	if found == nil {
		return nil, requestError("composition", "这个备案没有这种拼图", "this filing has no such composition", allowed...)
	}
	return found, nil
}

// currentFor is the current file for a page; a file that names no party stands for any.
func currentFor(list []storage.Material, d filing.Declared) *storage.Material {
	var loose *storage.Material
	for i := len(list) - 1; i >= 0; i-- {
		m := &list[i]
		if m.State == filing.MaterialReplaced || m.Material != d.Material || m.Page != d.Page && m.Page != "" {
			continue
		}
		if m.Of == d.Of {
			return m
		}
		if m.Of == "" && loose == nil {
			loose = m
		}
	}
	return loose
}

// sources are the files that a recipe stands for now: each that was replaced is followed to what replaced it.
func (r *compositeRecipe) sources(list []storage.Material) ([]*storage.Material, error) {
	byID := map[string]*storage.Material{}
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	var out []*storage.Material
	for _, part := range r.Parts {
		m := byID[part.ID]
		for n := 0; m != nil && m.ReplacedBy != "" && byID[m.ReplacedBy] != nil && n < len(list); n++ {
			m = byID[m.ReplacedBy]
		}
		if m == nil {
			return nil, ErrNotFound
		}
		out = append(out, m)
	}
	return out, nil
}

// compositeBasis names all that a composite's picture is a function of.
func (p *Pipeline) compositeBasis(s *standComposite) string {
	r, h := &s.recipe, sha256.New()
	_, _ = fmt.Fprintf(h, "%s %s %s %v %v %d %d", compositesVersion, p.Analyzer, r.Layout, r.Rectify, r.Captions,
		s.limits.MinBytes, s.limits.MaxBytes)
	if r.Margin != nil {
		_, _ = fmt.Fprintf(h, " %v", *r.Margin)
	}
	for _, m := range s.sources {
		_, _ = fmt.Fprintf(h, "\n%s %s %s %s", m.SHA256, m.Material, m.Page, m.Of)
	}
	const enough = 16 // bytes: no two of 10^12 share one by chance
	return hex.EncodeToString(h.Sum(nil)[:enough])
}

// freshComposite sees to it that a composite is of the current files: it is made where it was not yet, where a source was
// replaced, and where its picture is gone. Asked for at once it is made once.
func (p *Pipeline) freshComposite(ctx context.Context, f *storage.Filing, row storage.Composite, list []storage.Material) (storage.Composite, error) {
	facts, err := keptFacts(f)
	if err != nil {
		return row, err
	}
	s, err := standingComposite(&row, list, p.rules().UploadLimits(p.asOf(facts)))
	if err != nil {
		return row, err
	}
	basis := p.compositeBasis(s)
	if row.Basis == basis && row.Failure != "" {
		return row, nil
	}
	if row.Basis == basis && row.Object != "" {
		_, err := p.Objects.Stat(ctx, row.Object)
		if err == nil || !errors.Is(err, storage.ErrNotFound) {
			return row, err
		}
	}
	v, err, _ := p.drawing.Do("composite "+row.ID+" "+basis, func() (any, error) {
		// Others may wait for the same picture: it does not end with the request of the one who asked first.
		return p.renderComposite(p.behind(ctx), row, s, basis)
	})
	if err != nil {
		return row, err
	}
	made, _ := v.(storage.Composite)
	return made, nil
}

// standComposite is what a composite stands for now.
type standComposite struct {
	recipe compositeRecipe
	// sources are the current files that it is to show, limits those that its size is held to.
	sources []*storage.Material
	limits  filing.UploadLimits
}

// standingComposite reads a composite's recipe, and tells which of a filing's files it stands for now; ErrNotFound where one is gone.
func standingComposite(row *storage.Composite, list []storage.Material, limits filing.UploadLimits) (*standComposite, error) {
	s := &standComposite{limits: limits}
	if err := json.Unmarshal(row.Recipe, &s.recipe); err != nil {
		return nil, fmt.Errorf("recipe of composite %s: %w", row.ID, err)
	}
	var err error
	s.sources, err = s.recipe.sources(list)
	return s, err
}

// shows reports whether a picture was made of just the files that the composite stands for.
func (s *standComposite) shows(made *filing.Composite) bool {
	return slices.EqualFunc(s.sources, made.Parts, func(m *storage.Material, p filing.CompositePart) bool { return m.SHA256 == p.Source })
}

// renderComposite makes the picture and keeps it.
func (p *Pipeline) renderComposite(ctx context.Context, row storage.Composite, s *standComposite, basis string) (storage.Composite, error) {
	if p.Stitcher == nil {
		return row, ErrBusy
	}
	recipe, sources, limits := &s.recipe, s.sources, s.limits
	parts := make([]imaging.StitchPart, len(sources))
	for i, m := range sources {
		// Before the slot is taken: measuring needs one of its own.
		measured, err := p.measuring(ctx, digestOf(m), func() ([]byte, error) { return p.load(ctx, m) }).wait(ctx)
		if err != nil {
			return row, err
		}
		parts[i] = imaging.StitchPart{
			Open:         func(ctx context.Context) ([]byte, error) { return p.load(ctx, m) },
			Measurements: *measured, Card: checks.ShowsCard(measured, m.Material),
		}
		if recipe.Captions {
			parts[i].Caption = captionOf(m)
		}
	}
	known, err := p.madePartsOf(ctx, row.FilingID)
	if err != nil {
		return row, err
	}
	old := row
	row.Basis, row.Made, row.Failure, row.Object = basis, nil, "", ""
	margin := compositeMargin
	if recipe.Margin != nil {
		margin = *recipe.Margin
	}
	made, picture, err := p.stitch(ctx, parts, imaging.StitchOptions{
		Layout: recipe.Layout, Rectify: recipe.Rectify, MinBytes: limits.MinBytes, MaxBytes: limits.MaxBytes,
		MinTextPx: checks.LeastPartText(), Margin: margin,
	})
	var refusal *imaging.StitchError
	switch {
	case errors.As(err, &refusal):
		row.Failure = refusal.Code
	case err != nil:
		return row, err
	default:
		for i, m := range sources {
			made.Parts[i].ID, made.Parts[i].Declared = m.ID, declaredOf(m)
		}
		kept := keptComposite{Composite: made}
		if kept.Earlier, err = replaced(old.Made, made.SHA256); err != nil {
			return row, err
		}
		if row.Made, err = json.Marshal(kept); err != nil {
			return row, fmt.Errorf("print composite: %w", err)
		}
		row.Object = storage.CompositeKey(digestOf(sources[0]), basis)
		if err := p.Objects.Put(ctx, row.Object, storage.BytesContent(picture)); err != nil {
			return row, err
		}
	}
	var shown []string
	for _, m := range sources {
		shown = append(shown, m.ID)
	}
	if err := p.Records.SaveComposite(ctx, row, shown...); err != nil {
		// It, or what it shows, was deleted while it was made: then nothing of it may stay.
		if errors.Is(err, storage.ErrNotFound) && row.Object != "" {
			_, removal := p.removeComposite(ctx, &row)
			return row, errors.Join(ErrNotFound, removal)
		}
		return row, recordFailure(err)
	}
	if old.Object != row.Object {
		if _, err := p.removeComposite(ctx, &old); err != nil {
			return row, err
		}
	}
	return row, p.rejudgePictures(ctx, row.FilingID, known)
}

// stitch makes a picture in a slot, and measures what came of it.
func (p *Pipeline) stitch(ctx context.Context, parts []imaging.StitchPart, o imaging.StitchOptions) (filing.Composite, []byte, error) {
	if err := p.acquire(ctx, p.slots); err != nil {
		return filing.Composite{}, nil, fmt.Errorf("wait for a slot: %w", err)
	}
	defer release(p.slots)
	limited, cancel := context.WithTimeout(ctx, p.cfg.MeasureDeadline*time.Duration(len(parts)))
	defer cancel()
	made, picture, err := p.Stitcher.Stitch(limited, parts, o)
	if err != nil {
		return made, nil, err
	}
	return made, picture, p.Stitcher.MeasureParts(limited, picture, &made)
}

// captionOf is what a file was declared as, in the letters that can be drawn.
func captionOf(m *storage.Material) string {
	out := m.Material
	if m.Page != "" {
		out += " / " + string(m.Page)
	}
	return out
}

// removeComposite deletes a composite's picture and its thumbnail, and returns how many objects there were.
func (p *Pipeline) removeComposite(ctx context.Context, row *storage.Composite) (gone int64, err error) {
	if row.Object == "" {
		return 0, nil
	}
	for _, key := range []string{storage.CompositeThumbnailKey(row.Object), row.Object} {
		_, err := p.Objects.Stat(ctx, key)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return gone, err
		}
		if err := p.Objects.Delete(ctx, key); err != nil {
			return gone, err
		}
		gone++
	}
	return gone, nil
}

// compositeView is a composite as the API shows it, held against the current files of its filing.
func (p *Pipeline) compositeView(f *storage.Filing, row *storage.Composite, list []storage.Material) (*filing.CompositeView, error) {
	facts, err := keptFacts(f)
	if err != nil {
		return nil, err
	}
	return p.viewComposite(row, list, p.rules().UploadLimits(p.asOf(facts)))
}

// viewComposite judges a composite from what is kept of it, by these limits: the report and a revalidation both do.
func (p *Pipeline) viewComposite(row *storage.Composite, list []storage.Material, limits filing.UploadLimits) (*filing.CompositeView, error) {
	s, err := standingComposite(row, list, limits)
	if s == nil || err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	v := &filing.CompositeView{
		ID: row.ID, Filing: row.FilingID, Composition: s.recipe.Composition, Of: s.recipe.Of, Clause: s.recipe.Clause, State: filing.CompositeMade,
		MadeByService: true, CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}
	if len(row.Made) > 0 {
		v.Composite = &filing.Composite{}
		if err := json.Unmarshal(row.Made, v.Composite); err != nil {
			return nil, fmt.Errorf("composite %s as kept: %w", row.ID, err)
		}
	}
	switch {
	case row.Failure != "":
		v.State, v.Failure = filing.CompositeFailed, row.Failure
	case v.Composite == nil || err != nil || !s.shows(v.Composite):
		v.State = filing.CompositeStale
	}
	v.Findings = checks.Made(checks.MadeInput{
		Composite: v.Composite, Stale: v.State != filing.CompositeMade, Limits: limits, Thresholds: p.thresholds,
	})
	v.Verdict = filing.VerdictOf(v.Findings)
	return v, nil
}

// Composites are those of a filing, and those that its rules ask for.
func (p *Pipeline) Composites(ctx context.Context, who Viewer, filingID string) ([]filing.CompositeView, []checks.Composition, error) {
	f, err := p.visible(ctx, who, filingID)
	if err != nil {
		return nil, nil, err
	}
	facts, err := keptFacts(f)
	if err != nil {
		return nil, nil, err
	}
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return nil, nil, recordFailure(err)
	}
	rows, err := p.Records.CompositesOf(ctx, f.ID)
	if err != nil {
		return nil, nil, recordFailure(err)
	}
	views, err := p.compositeViews(f, rows, list)
	return views, p.compositions(facts), err
}

// compositeViews are the composites of a filing as they stand to its files, without making any.
func (p *Pipeline) compositeViews(f *storage.Filing, rows []storage.Composite, list []storage.Material) ([]filing.CompositeView, error) {
	views := make([]filing.CompositeView, 0, len(rows))
	for i := range rows {
		v, err := p.compositeView(f, &rows[i], list)
		if err != nil {
			return nil, err
		}
		views = append(views, *v)
	}
	return views, nil
}

// visibleComposite loads a composite together with its filing, which decides who may see it, and that filing's files.
func (p *Pipeline) visibleComposite(ctx context.Context, who Viewer, id string) (storage.Composite, *storage.Filing, []storage.Material, error) {
	row, err := p.Records.Composite(ctx, id)
	if err != nil {
		return row, nil, nil, recordFailure(err)
	}
	f, err := p.visible(ctx, who, row.FilingID)
	if err != nil {
		return row, nil, nil, err
	}
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return row, nil, nil, recordFailure(err)
	}
	return row, f, list, nil
}

// Composite is one composite, made again where a source was replaced.
func (p *Pipeline) Composite(ctx context.Context, who Viewer, id string) (*filing.CompositeView, error) {
	row, f, list, err := p.visibleComposite(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if row, err = p.freshComposite(ctx, f, row, list); err != nil {
		return nil, err
	}
	return p.compositeView(f, &row, list)
}

// CompositeImage is a composite's picture, or a small copy of it, made where it is not there: VariantOriginal or VariantThumbnail.
func (p *Pipeline) CompositeImage(ctx context.Context, who Viewer, id string, variant Variant) (*Image, error) {
	row, f, list, err := p.visibleComposite(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if row, err = p.freshComposite(ctx, f, row, list); err != nil {
		return nil, err
	}
	if row.Failure != "" {
		return nil, &CompositeError{row.Failure}
	}
	key := row.Object
	if variant == VariantThumbnail {
		key = storage.CompositeThumbnailKey(row.Object)
	}
	info, err := p.Objects.Stat(ctx, key)
	if errors.Is(err, storage.ErrNotFound) && variant == VariantThumbnail {
		if err = p.compositeThumbnail(ctx, row.Object); err == nil {
			info, err = p.Objects.Stat(ctx, key)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("picture of composite %s: %w", row.ID, err)
	}
	return &Image{
		ETag: fmt.Sprintf(`"%s-%s"`, row.Basis, variant), ContentType: "image/jpeg", Size: info.Size, ModTime: info.ModTime,
		Open: func(offset, length int64) (io.ReadCloser, error) { return p.Objects.Get(ctx, key, offset, length) },
	}, nil
}

func (p *Pipeline) compositeThumbnail(ctx context.Context, object string) error {
	key := storage.CompositeThumbnailKey(object)
	_, err, _ := p.drawing.Do(key, func() (any, error) {
		ctx := p.behind(ctx)
		if err := p.acquire(ctx, p.slots); err != nil {
			return nil, fmt.Errorf("wait for a slot: %w", err)
		}
		defer release(p.slots)
		r, err := p.Objects.Get(ctx, object, 0, -1)
		if err != nil {
			return nil, err
		}
		defer func() { _ = r.Close() }()
		data, err := io.ReadAll(io.LimitReader(r, p.cfg.MaxBody))
		if err != nil {
			return nil, fmt.Errorf("read a composite: %w", err)
		}
		small, err := p.Renderer.Thumbnail(ctx, data, ThumbnailSide)
		if err != nil {
			return nil, err
		}
		return nil, p.Objects.Put(ctx, key, storage.BytesContent(small))
	})
	return err
}

// CompositePoint leads from a point of a composite to the file and the point that it shows; ErrNotFound beside all parts.
func (p *Pipeline) CompositePoint(ctx context.Context, who Viewer, id string, at filing.Point) (*filing.SourcePoint, error) {
	v, err := p.Composite(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if v.Composite == nil {
		return nil, &CompositeError{v.Failure}
	}
	for i := range v.Composite.Parts {
		part := &v.Composite.Parts[i]
		if from, ok := part.SourcePoint(at); ok {
			return &filing.SourcePoint{Material: part.ID, Part: i, At: from}, nil
		}
	}
	return nil, ErrNotFound
}

// DeleteComposite removes a composite and its picture; the files that it was made of stay.
func (p *Pipeline) DeleteComposite(ctx context.Context, who Viewer, id string) error {
	row, _, _, err := p.visibleComposite(ctx, who, id)
	if err != nil {
		return err
	}
	known, err := p.madePartsOf(ctx, row.FilingID)
	if err != nil {
		return err
	}
	if _, err := p.removeComposite(ctx, &row); err != nil {
		return err
	}
	if err := p.Records.DeleteComposite(ctx, id); err != nil {
		return recordFailure(err)
	}
	return p.rejudgePictures(ctx, row.FilingID, known)
}

// dropCompositesWith deletes the pictures that show a file which is about to be deleted, and returns how many objects they were; their
// rows go with the file's.
func (p *Pipeline) dropCompositesWith(ctx context.Context, materialID string) (gone int64, err error) {
	rows, err := p.Records.CompositesWith(ctx, materialID)
	if err != nil {
		return 0, recordFailure(err)
	}
	return p.removeComposites(ctx, rows)
}

// dropCompositesOf deletes the pictures of a filing that is about to be deleted: they lie beside a source that another filing may
// have too.
func (p *Pipeline) dropCompositesOf(ctx context.Context, filingID string) (gone int64, err error) {
	rows, err := p.Records.CompositesOf(ctx, filingID)
	if err != nil {
		return 0, recordFailure(err)
	}
	return p.removeComposites(ctx, rows)
}

func (p *Pipeline) removeComposites(ctx context.Context, rows []storage.Composite) (gone int64, err error) {
	for i := range rows {
		n, err := p.removeComposite(ctx, &rows[i])
		if gone += n; err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// remakeComposites makes those of a filing again that are of files which were replaced. It goes on behind the check of the new
// file; what fails is made when it is asked for.
func (p *Pipeline) remakeComposites(ctx context.Context, f *storage.Filing) {
	rows, err := p.Records.CompositesOf(ctx, f.ID)
	if err != nil || len(rows) == 0 {
		return
	}
	list, err := p.Records.MaterialsOf(ctx, f.ID)
	if err != nil {
		return
	}
	for i := range rows {
		if _, err := p.freshComposite(ctx, f, rows[i], list); err != nil && ctx.Err() == nil {
			p.Log.Error("composite not made again, the next who asks for it will", "composite", rows[i].ID, "error", err.Error())
		}
	}
}
