package specimen

import (
	"fmt"
	"math/rand/v2"
)

// Says returns what the main document of a case says: the reference that a reader of the photo is measured against. It is zero
// where the photo shows no document of a template. Errors: missing fonts, a template that is not known.
func (c Case) Says() (Fields, error) {
	if c.Template == "" {
		return Fields{}, nil
	}
	tm, err := templateNamed(c.Template)
	if err != nil {
		return Fields{}, fmt.Errorf("what %s says: %w", c.ID, err)
	}
	fonts, err := Fonts()
	if err != nil {
		return Fields{}, fmt.Errorf("what %s says: %w", c.ID, err)
	}
	// Seeds are independent of the resolution: the coarsest drawing says the same.
	return tm.draw(fonts, rand.New(rand.NewPCG(c.DocumentSeed, 0x5bec1)), MinPxPerMM).Fields, nil
}
