package api

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// features lists what pkg exports, one line each, sorted: whatever a program
// that imports it could rely on. Names of parameters are part of a line, since
// they are what a reader of the documentation sees.
func features(pkg *types.Package) []string {
	l := &lister{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if object := pkg.Scope().Lookup(name); object.Exported() {
			l.object(object)
		}
	}
	slices.Sort(l.lines)
	return slices.Compact(l.lines)
}

type lister struct {
	pkg   *types.Package
	lines []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, "pkg "+l.pkg.Name()+", "+fmt.Sprintf(format, args...))
}

// text is a type in the words of the package itself: its own names stand bare,
// those of others behind the name of their package.
func (l *lister) text(t types.Type) string { return types.TypeString(t, l.qualifier) }

func (l *lister) qualifier(p *types.Package) string {
	if p == l.pkg {
		return ""
	}
	return p.Name()
}

// signature is a func's type without the word func.
func (l *lister) signature(t types.Type) string {
	return strings.TrimPrefix(l.text(t), "func")
}

func (l *lister) object(object types.Object) {
	switch object := object.(type) {
	case *types.Const:
		l.add("const %s %s = %s", object.Name(), l.text(object.Type()), object.Val().ExactString())
	case *types.Var:
		l.add("var %s %s", object.Name(), l.text(object.Type()))
	case *types.Func:
		l.add("func %s%s", object.Name(), l.signature(object.Type()))
	case *types.TypeName:
		l.typeName(object)
	}
}

func (l *lister) typeName(object *types.TypeName) {
	if object.IsAlias() {
		l.add("type %s = %s", object.Name(), l.text(types.Unalias(object.Type())))
		return
	}
	name := l.text(object.Type()) // with its type parameters
	switch under := object.Type().Underlying().(type) {
	case *types.Struct:
		l.add("type %s struct", name)
		l.fields(name, under)
	case *types.Interface:
		l.add("type %s interface", name)
		l.interfaceMethods(name, under)
		return
	default:
		l.add("type %s %s", name, l.text(under))
	}
	l.methods(object.Type())
}

// fields lists the exported fields, with the key that JSON knows each by.
func (l *lister) fields(name string, s *types.Struct) {
	for i := range s.NumFields() {
		field := s.Field(i)
		if !field.Exported() {
			continue
		}
		text := field.Name() + " " + l.text(field.Type())
		if field.Embedded() {
			text = "embedded " + l.text(field.Type())
		}
		if key, ok := reflect.StructTag(s.Tag(i)).Lookup("json"); ok {
			text += fmt.Sprintf(" json:%q", key)
		}
		l.add("type %s struct, %s", name, text)
	}
}

// interfaceMethods lists all that a type has to have: a method more breaks those
// who implement the interface.
func (l *lister) interfaceMethods(name string, i *types.Interface) {
	for method := range i.Methods() {
		if method.Exported() {
			l.add("type %s interface, %s%s", name, method.Name(), l.signature(method.Type()))
		} else {
			l.add("type %s interface, unexported methods", name)
		}
	}
}

// methods lists the methods of a type. Those that it has from an exported field
// are listed with the type of that field.
func (l *lister) methods(t types.Type) {
	own := types.NewMethodSet(t)
	for selection := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		method := selection.Obj()
		if !method.Exported() || throughExported(t, selection) {
			continue
		}
		receiver := "*" + l.text(t)
		if own.Lookup(method.Pkg(), method.Name()) != nil {
			receiver = l.text(t)
		}
		l.add("method (%s) %s%s", receiver, method.Name(), l.signature(method.Type()))
	}
}

// throughExported reports whether a method comes from a field that the listing
// shows.
func throughExported(t types.Type, selection *types.Selection) bool {
	s, ok := t.Underlying().(*types.Struct)
	return ok && len(selection.Index()) > 1 && s.Field(selection.Index()[0]).Exported()
}
