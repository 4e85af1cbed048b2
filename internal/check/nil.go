package check

import "reflect"

// IsNil reports whether the value in an interface is nil: calling a method of it
// would panic.
func IsNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan, reflect.Slice:
		return r.IsNil()
	}
	return v == nil
}
