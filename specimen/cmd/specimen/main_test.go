package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/preflight-icp/preflight/specimen"
)

func TestCommandWritesACorpusWithItsExpectations(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var out bytes.Buffer
	if err := run([]string{"-out", folder, "-sets", "hostile"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, "hostile", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []struct{ Name string }
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != len(specimen.Hostile()) {
		t.Errorf("%d files in the list", len(list))
	}
	for _, f := range list {
		if _, err := os.Stat(filepath.Join(folder, "hostile", f.Name)); err != nil {
			t.Error(err)
		}
	}
}

func TestCommandWritesDocumentsWithTheirTruth(t *testing.T) {
	t.Parallel()
	if _, err := specimen.Fonts(); errors.Is(err, specimen.ErrNoFonts) && os.Getenv("PREFLIGHT_TEST_REQUIRE") != "1" {
		t.Skipf("SKIPPED: %v", err)
	}
	folder := t.TempDir()
	if err := run([]string{"-out", folder, "-sets", "documents"}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	var doc specimen.Document
	data, err := os.ReadFile(filepath.Join(folder, "documents", "id_card_front.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Fields.Name == "" || len(doc.Lines) < 8 {
		t.Errorf("the truth lacks a name or lines: %+v", doc.Fields)
	}
}

func TestCommandGoesOnWhereALabelledRunWasStopped(t *testing.T) {
	t.Parallel()
	if _, err := specimen.Fonts(); errors.Is(err, specimen.ErrNoFonts) && os.Getenv("PREFLIGHT_TEST_REQUIRE") != "1" {
		t.Skipf("SKIPPED: %v", err)
	}
	folder := t.TempDir()
	list := filepath.Join(folder, "labelled", "tune", "truth.jsonl")
	write := func(limit string) []byte {
		t.Helper()
		args := []string{"-out", folder, "-sets", "labelled", "-groups", "nodocument", "-limit", limit}
		if err := run(args, io.Discard, io.Discard); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	whole := write("2")
	// The run was stopped while it wrote its second line.
	if err := os.WriteFile(list, whole[:len(whole)-40], 0o644); err != nil {
		t.Fatal(err)
	}
	if again := write("2"); !bytes.Equal(whole, again) {
		t.Errorf("the list after going on differs:\n%s\n%s", whole, again)
	}
	var e entry
	if err := json.Unmarshal(whole[:bytes.IndexByte(whole, '\n')], &e); err != nil {
		t.Fatal(err)
	}
	if e.ID != "tune/nodocument/0000" || e.Truth.Width == 0 {
		t.Errorf("the first line is %+v", e)
	}
}

func TestCommandRefusesWrongCalls(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no folder":    {},
		"unknown set":  {"-out", t.TempDir(), "-sets", "nothing"},
		"no such half": {"-out", t.TempDir(), "-sets", "labelled", "-half", "both"},
		"bad flag":     {"-colour"},
	} {
		if err := run(args, io.Discard, io.Discard); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
