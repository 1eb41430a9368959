package locate

import (
	"github.com/preflight-icp/preflight/filing"
	"github.com/preflight-icp/preflight/imaging/raster"
)

// Panel describes a quadrilateral that is known to be a document by other evidence than its looks, such as a panel of a stitched
// picture that shows nothing else; confidence is that evidence's.
func Panel(f *raster.Frame, q raster.Quad, confidence float64) filing.Document {
	return describe(f, q, confidence, 0)
}
