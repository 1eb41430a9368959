// Package knownsize refuses uploads to S3 whose size is not known.
//
// Given -1, minio-go sets aside a buffer for the largest part that might come, hundreds of megabytes for each upload in
// flight, and the store cannot tell a body that was cut short from one that ended. Whoever puts an object has hashed it
// and therefore knows how long it is.
package knownsize

import (
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"
)

// New returns the analyzer.
func New() *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:      "knownsize",
		Doc:       "refuses PutObject calls of minio-go, direct or through functions of ours, whose size is or may be unknown",
		Requires:  []*analysis.Analyzer{buildssa.Analyzer},
		FactTypes: []analysis.Fact{(*putsSize)(nil)},
		Run:       run,
	}
}

// putsSize marks a function that hands one of its parameters on as the size of an upload: its callers are looked at as
// if they called PutObject themselves.
type putsSize struct {
	// Params are the indexes of such parameters; a receiver counts as the first, as in package ssa.
	Params []int
}

// AFact marks the type as a fact.
func (*putsSize) AFact() {}

func (f *putsSize) String() string { return "hands a size to PutObject" }

// argument is the place of a size among the arguments of one call.
type argument struct {
	call ssa.CallInstruction
	size ssa.Value
}

func run(pass *analysis.Pass) (any, error) {
	functions := pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA).SrcFuncs

	// Functions of this package that hand a size on; repeated, since one may call another that is found only later.
	sinks := map[*types.Func][]int{}
	for changed := true; changed; {
		changed = false
		for _, fn := range functions {
			object, ok := fn.Object().(*types.Func)
			if !ok {
				continue
			}
			for _, arg := range sizes(pass, fn, sinks) {
				for _, source := range sources(arg.size) {
					param, ok := source.(*ssa.Parameter)
					if !ok {
						continue
					}
					for i, p := range fn.Params {
						if p == param && !slices.Contains(sinks[object], i) {
							sinks[object] = append(sinks[object], i)
							changed = true
						}
					}
				}
			}
		}
	}
	for object, params := range sinks {
		pass.ExportObjectFact(object, &putsSize{Params: params})
	}

	for _, fn := range functions {
		for _, arg := range sizes(pass, fn, sinks) {
			for _, source := range sources(arg.size) {
				if why := unknown(source); why != "" {
					pass.Reportf(position(arg), "the size of an object is always known when it is put: %s", why)
					break
				}
			}
		}
	}
	return nil, nil
}

// sizes finds the size arguments of all calls in a function that end in an upload.
func sizes(pass *analysis.Pass, fn *ssa.Function, sinks map[*types.Func][]int) []argument {
	var found []argument
	for _, block := range fn.Blocks {
		for _, instruction := range block.Instrs {
			call, ok := instruction.(ssa.CallInstruction)
			if !ok {
				continue
			}
			common := call.Common()
			if common.IsInvoke() {
				if i := putObjectSize(common.Method); i >= 0 && i < len(common.Args) {
					found = append(found, argument{call, common.Args[i]})
				}
				continue
			}
			callee := common.StaticCallee()
			if callee == nil {
				continue
			}
			object, ok := callee.Object().(*types.Func)
			if !ok {
				continue
			}
			offset := 0
			if object.Signature().Recv() != nil {
				offset = 1
			}
			if i := putObjectSize(object); i >= 0 && i+offset < len(common.Args) {
				found = append(found, argument{call, common.Args[i+offset]})
			}
			params := sinks[object]
			var fact putsSize
			if len(params) == 0 && pass.ImportObjectFact(object, &fact) {
				params = fact.Params
			}
			for _, i := range params {
				if i < len(common.Args) {
					found = append(found, argument{call, common.Args[i]})
				}
			}
		}
	}
	return found
}

// putObjectSize returns which parameter of a PutObject is the size: the integer that follows the reader, in minio-go's
// Client and Core and in any interface of ours that is cut to fit them. It returns -1 for every other function.
func putObjectSize(fn *types.Func) int {
	if fn.Name() != "PutObject" {
		return -1
	}
	params := fn.Signature().Params()
	for i := 1; i < params.Len(); i++ {
		before, isNamed := params.At(i - 1).Type().(*types.Named)
		basic, isBasic := params.At(i).Type().Underlying().(*types.Basic)
		if isNamed && isBasic && before.String() == "io.Reader" && basic.Info()&types.IsInteger != 0 {
			return i
		}
	}
	return -1
}

// sources follows a value back to where it comes from inside the function: constants, parameters, fields, calls.
func sources(value ssa.Value) []ssa.Value {
	var found []ssa.Value
	seen := map[ssa.Value]bool{}
	var follow func(ssa.Value)
	follow = func(v ssa.Value) {
		if seen[v] {
			return
		}
		seen[v] = true
		switch v := v.(type) {
		case *ssa.Phi:
			for _, edge := range v.Edges {
				follow(edge)
			}
		case *ssa.Convert:
			follow(v.X)
		case *ssa.ChangeType:
			follow(v.X)
		case *ssa.UnOp:
			if alloc, ok := v.X.(*ssa.Alloc); ok && v.Op == token.MUL {
				for _, ref := range *alloc.Referrers() {
					if store, ok := ref.(*ssa.Store); ok && store.Addr == alloc {
						follow(store.Val)
					}
				}
				return
			}
			found = append(found, v)
		default:
			found = append(found, v)
		}
	}
	follow(value)
	return found
}

// unknown says why a value is no size, or nothing.
func unknown(value ssa.Value) string {
	switch v := value.(type) {
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.Int && constant.Sign(v.Value) < 0 {
			return v.Value.ExactString() + " stands for an unknown one"
		}
	case *ssa.UnOp:
		if field, ok := v.X.(*ssa.FieldAddr); ok {
			return contentLength(field.X.Type(), field.Field)
		}
	case *ssa.Field:
		return contentLength(v.X.Type(), v.Field)
	}
	return ""
}

// contentLength recognizes the field of net/http's Request and Response that is -1 for a body without a length.
func contentLength(typ types.Type, field int) string {
	if pointer, ok := typ.Underlying().(*types.Pointer); ok {
		typ = pointer.Elem()
	}
	structure, ok := typ.Underlying().(*types.Struct)
	if ok && strings.HasPrefix(typ.String(), "net/http.") && structure.Field(field).Name() == "ContentLength" {
		return "ContentLength is what the other side claims, and -1 where it claims nothing"
	}
	return ""
}

// position is that of the call: an argument that is a constant has none of its own.
func position(arg argument) token.Pos {
	if pos := arg.call.Pos(); pos.IsValid() {
		return pos
	}
	return arg.call.Parent().Pos()
}
