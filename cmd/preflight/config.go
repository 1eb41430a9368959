package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// configFile gives flags their values from a YAML file: a section for each command, a key for each flag. The environment
// goes before the file, so that a container can override what is mounted; an unknown name is an error, since a setting
// that is silently ignored is worse than none.
type configFile map[string]map[string]any

func loadConfig(r io.Reader) (kong.Resolver, error) {
	file := configFile{}
	if err := yaml.NewDecoder(r).Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return file, nil
}

// Validate refuses names that no command and no flag has.
func (f configFile) Validate(app *kong.Application) error {
	for section, values := range f {
		i := slices.IndexFunc(app.Children, func(n *kong.Node) bool { return n.Name == section })
		if i < 0 {
			return fmt.Errorf("configuration file: there is no command %q", section)
		}
		for name := range values {
			if !slices.ContainsFunc(app.Children[i].Flags, func(flag *kong.Flag) bool { return flag.Name == name }) {
				return fmt.Errorf("configuration file: preflight %s has no setting %q", section, name)
			}
		}
	}
	return nil
}

// Resolve gives the file's value for a flag that neither the call nor the environment has set.
func (f configFile) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	if parent.Command == nil {
		return nil, nil
	}
	value, found := f[parent.Command.Name][flag.Name]
	if !found {
		return nil, nil
	}
	return fmt.Sprint(value), nil
}
