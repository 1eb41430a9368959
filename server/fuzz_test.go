package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/preflight-icp/preflight/pipeline"
)

// fuzzBoundary is that of every form of FuzzForm.
const fuzzBoundary = "specimen"

// FuzzForm: whatever a form holds, it gives one file and what was declared, or a problem of the public table or a broken body.
func FuzzForm(f *testing.F) {
	form := func(parts ...string) []byte {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.SetBoundary(fuzzBoundary)
		for i := 0; i+1 < len(parts); i += 2 {
			if parts[i] == "file" {
				p, _ := w.CreateFormFile("file", "正面.JPG")
				_, _ = p.Write([]byte(parts[i+1]))
			} else {
				_ = w.WriteField(parts[i], parts[i+1])
			}
		}
		_ = w.Close()
		return b.Bytes()
	}
	f.Add(form("material", "principal_id", "page", "front", "file", "a picture", "of", "principal"))
	f.Add(form("file", "a picture"))
	f.Add(form("file", "a", "file", "b"))
	f.Add(form("material", strings.Repeat("x", 5000)))
	f.Add(form(strings.Fields(strings.Repeat("a b ", 40))...))
	f.Add([]byte("--specimen\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../a.sh\"\r\n\r\nx"))
	f.Add([]byte("--specimen--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		src := &source{
			body: &patientBody{
				body: http.MaxBytesReader(nil, io.NopCloser(bytes.NewReader(body)), 1<<20), stall: time.Minute,
				control: http.NewResponseController(httptest.NewRecorder()),
			},
			header: http.Header{}, query: func(string) string { return "" }, values: map[string]string{},
		}
		src.form = multipart.NewReader(src.body, fuzzBoundary)
		explained := func(err error) bool {
			var problem *Problem
			var tooLarge *http.MaxBytesError
			return errors.As(err, &problem) || errors.As(err, &tooLarge) || errors.Is(err, pipeline.ErrIncomplete)
		}
		file, err := src.File()
		if err != nil {
			if !explained(err) {
				t.Errorf("before the file: %v", err)
			}
			return
		}
		if _, err := io.Copy(io.Discard, file); err != nil {
			return // as the network gave it
		}
		upload, err := src.Finish()
		if err != nil {
			if !explained(err) {
				t.Errorf("behind the file: %v", err)
			}
			return
		}
		if strings.ContainsAny(upload.Extension, "/\\ \x00") || len(upload.Extension) > 9 {
			t.Errorf("the extension %q", upload.Extension)
		}
	})
}

// FuzzContentDigest: what is taken is a digest of a length that its algorithm has.
func FuzzContentDigest(f *testing.F) {
	sum := sha256.Sum256([]byte("specimen"))
	f.Add("sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":")
	f.Add("sha-512=::, sha-256=:AA==:")
	f.Add("md5=:AA==:,sha-256")
	f.Fuzz(func(t *testing.T, value string) {
		digests, err := parseContentDigest([]string{value})
		if err != nil {
			var problem *Problem
			if !errors.As(err, &problem) {
				t.Errorf("%v", err)
			}
			return
		}
		for _, d := range digests {
			if len(d.want) != d.hash.Size() {
				t.Errorf("a digest of %d bytes", len(d.want))
			}
		}
	})
}

// FuzzTokens: a token file is read or refused, and admits nobody by accident.
func FuzzTokens(f *testing.F) {
	_, line := NewToken(RoleApp, "mobile")
	f.Add(line)
	f.Add("# nobody\n\n" + line + "\nreviewer a 00")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := ReadTokens(strings.NewReader(text))
		if err != nil {
			return
		}
		if p, err := tokens.Authenticate(t.Context(), ""); err == nil {
			t.Errorf("the empty token is %+v", p)
		}
	})
}
