package server

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"rsc.io/qr"

	"github.com/preflight-icp/preflight/templates"
)

// phonePage makes a link for the applicant's phone and shows it as a code to be scanned (二维码): the hand-over of the source guide,
// which has the form filled in on a PC and the originals photographed with a phone. The token stands in this answer only.
func (s *Server) phonePage(c echo.Context) error {
	ctx := c.Request().Context()
	link, token, err := s.flow.CreateLink(ctx, viewerOf(ctx), c.Param("id"), linkDefault)
	if err != nil {
		return err
	}
	base := s.cfg.PublicURL
	if base == "" {
		base = "http://" + c.Request().Host
	}
	url := base + "/login#token=" + token
	code, err := qr.Encode(url, qr.M)
	if err != nil {
		return fmt.Errorf("draw the code of a link: %w", err)
	}
	return s.page(c, http.StatusOK, "phone", templates.Phone{
		Filing: c.Param("id"), URL: url, Until: link.ExpiresAt, Size: code.Size + 2*quietZone, Path: squares(code), Insecure: !strings.HasPrefix(base, "https://"),
	})
}

// quietZone is the white border of a code, in its own squares (ISO/IEC 18004).
const quietZone = 4

// squares is the path of an SVG that draws the black squares of a code, each run of a row at once.
func squares(code *qr.Code) string {
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quietZone, y+quietZone, x-from, x-from)
			}
		}
	}
	return b.String()
}
