package storage

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// A perceptual hash has 256 bits, cut into 8 bands of 32. Two hashes at a Hamming distance of at most d have, by the
// pigeonhole principle, a band that differs in at most d/8 bits (rounded down). So it is enough to look up, for every
// band, the values within d/8 flipped bits of one's own:
//
//	d <=  7   equal bands               8 look-ups
//	d <= 15   one flip               8 * 33 = 264
//	d <= 23   two flips         8 * (1+32+496) = 4,232
//
// and no neighbour is missed; the exact distance is then computed on what was found. Bands of 32 bits keep that little:
// among 10^6 unrelated pictures a value is shared by 0.0002 of them, against 15 with bands of 16 bits, and the index
// holds 8 rows for a picture and not 16.
const (
	hashBits  = 256
	bandBits  = 32
	hashBands = hashBits / bandBits
	// MaxHashDistance is the largest distance that SimilarContents can search: two flips in each band.
	MaxHashDistance = 3*hashBands - 1
	// maxCandidates bounds what one search reads, should a thousand pictures share a band (blank forms do).
	maxCandidates = 5000
)

type measurementsRow struct {
	bun.BaseModel `bun:"table:measurements,alias:me"`

	SHA256    string    `bun:"sha256,pk"`
	Analyzer  string    `bun:"analyzer,pk"`
	Data      []byte    `bun:"data"`
	Hash      string    `bun:"hash"`
	CreatedAt time.Time `bun:"created_at"`
}

type bandRow struct {
	bun.BaseModel `bun:"table:hash_bands,alias:b"`

	Band     int64  `bun:"band,pk"`
	SHA256   string `bun:"sha256,pk"`
	Analyzer string `bun:"analyzer,pk"`
}

// Measured is what a version of the analyzer measured of a content.
type Measured struct {
	Sum      Digest
	Analyzer string
	// Data is the JSON of the measurements.
	Data []byte
	// Hash is the perceptual hash in 64 hex digits, or empty where there is none.
	Hash string
}

// SaveMeasurements keeps measurements. Measuring is a pure function of the bytes and the version, so what is there already
// stays. A content that no material refers to (any more) is ErrNotFound.
func (r *Records) SaveMeasurements(ctx context.Context, m Measured) error {
	err := r.write(ctx, func(ctx context.Context, tx bun.Tx) error { return r.saveMeasurements(ctx, tx, m) })
	if err != nil {
		return fmt.Errorf("save measurements of %s: %w", m.Sum, err)
	}
	return nil
}

func (r *Records) saveMeasurements(ctx context.Context, tx bun.Tx, m Measured) error {
	row := measurementsRow{SHA256: m.Sum.String(), Analyzer: m.Analyzer, Hash: m.Hash, CreatedAt: r.now()}
	var err error
	if row.Data, err = r.seal(measuredColumn(), m.Data, row.SHA256, row.Analyzer); err != nil {
		return err
	}
	var bands []bandRow
	if m.Hash != "" {
		words, err := parseHash(m.Hash)
		if err != nil {
			return err
		}
		for i, word := range words {
			bands = append(bands, bandRow{Band: band(i, word), SHA256: row.SHA256, Analyzer: m.Analyzer})
		}
	}
	var content contentRow
	if err := r.lock(tx.NewSelect().Model(&content).Where("sha256 = ?", row.SHA256)).Scan(ctx); err != nil {
		return err
	}
	result, err := tx.NewInsert().Model(&row).On("CONFLICT (sha256, analyzer) DO NOTHING").Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 || len(bands) == 0 {
		return err
	}
	_, err = tx.NewInsert().Model(&bands).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}

// Measurements returns the JSON that SaveMeasurements kept, or ErrNotFound.
func (r *Records) Measurements(ctx context.Context, sum Digest, analyzer string) ([]byte, error) {
	var row measurementsRow
	if err := r.read.NewSelect().Model(&row).Where("sha256 = ? AND analyzer = ?", sum.String(), analyzer).Scan(ctx); err != nil {
		return nil, fmt.Errorf("measurements of %s: %w", sum, r.classify(err))
	}
	if err := r.openInto(measuredColumn(), &row.Data, row.SHA256, row.Analyzer); err != nil {
		return nil, fmt.Errorf("measurements of %s: %w", sum, err)
	}
	return row.Data, nil
}

// Similar is a content whose picture is close to another one.
type Similar struct {
	Sum Digest
	// Distance is how many of the 256 bits of the perceptual hashes differ.
	Distance int
}

// SimilarContents returns the contents that the same version of the analyzer gave a perceptual hash within maxDistance
// (0 to MaxHashDistance) of hash, closest first; the content that hash comes from is among them. Of more than 5,000
// candidates it looks at the first 5,000.
func (r *Records) SimilarContents(ctx context.Context, analyzer, hash string, maxDistance int) ([]Similar, error) {
	words, err := parseHash(hash)
	if err != nil {
		return nil, fmt.Errorf("similar contents: %w", err)
	}
	if maxDistance < 0 || maxDistance > MaxHashDistance {
		return nil, fmt.Errorf("similar contents: distance %d is not from 0 to %d", maxDistance, MaxHashDistance)
	}
	var rows []measurementsRow
	candidates := r.read.NewSelect().Model((*bandRow)(nil)).Column("sha256").Distinct().
		Where("band IN (?)", bun.In(probes(words, maxDistance/hashBands))).Where("analyzer = ?", analyzer).Limit(maxCandidates)
	if err := r.read.NewSelect().Model(&rows).Column("sha256", "hash").
		Where("sha256 IN (?)", candidates).Where("analyzer = ?", analyzer).Scan(ctx); err != nil {
		return nil, fmt.Errorf("similar contents: %w", r.classify(err))
	}
	similar := []Similar{}
	for _, row := range rows {
		other, err := parseHash(row.Hash)
		if err != nil {
			return nil, fmt.Errorf("similar contents: %w", err)
		}
		distance := 0
		for i := range words {
			distance += bits.OnesCount32(words[i] ^ other[i])
		}
		if distance > maxDistance {
			continue
		}
		sum, err := ParseDigest(row.SHA256)
		if err != nil {
			return nil, fmt.Errorf("similar contents: %w", err)
		}
		similar = append(similar, Similar{Sum: sum, Distance: distance})
	}
	slices.SortFunc(similar, func(a, b Similar) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), slices.Compare(a.Sum[:], b.Sum[:]))
	})
	return similar, nil
}

func parseHash(hash string) ([hashBands]uint32, error) {
	var words [hashBands]uint32
	p, err := hex.DecodeString(hash)
	if err != nil || len(p) != hashBits/8 {
		return words, fmt.Errorf("a perceptual hash is %d hex digits, not %d characters", hashBits/4, len(hash))
	}
	for i := range words {
		words[i] = binary.BigEndian.Uint32(p[4*i:])
	}
	return words, nil
}

func band(i int, word uint32) int64 { return int64(i)<<bandBits | int64(word) }

// probes returns every band within flips (0, 1 or 2) flipped bits of its own.
func probes(words [hashBands]uint32, flips int) []int64 {
	var all []int64
	for i, word := range words {
		all = append(all, band(i, word))
		for a := range bandBits {
			if flips < 1 {
				break
			}
			all = append(all, band(i, word^1<<a))
			for b := range a {
				if flips < 2 {
					break
				}
				all = append(all, band(i, word^1<<a^1<<b))
			}
		}
	}
	return all
}

// dropBands removes contents from the index of hashes. The index is found from the hashes themselves: a second index by
// content would double it.
func dropBands(ctx context.Context, tx bun.Tx, sums []string) error {
	var rows []measurementsRow
	if err := tx.NewSelect().Model(&rows).Column("sha256", "hash").
		Where("sha256 IN (?)", bun.In(sums)).Where("hash <> ''").Scan(ctx); err != nil {
		return err
	}
	for _, row := range rows {
		words, err := parseHash(row.Hash)
		if err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model((*bandRow)(nil)).Where("band IN (?)", bun.In(probes(words, 0))).
			Where("sha256 = ?", row.SHA256).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
