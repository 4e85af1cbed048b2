package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// root is the root of the repository.
var root = filepath.Join("..", "..")

// load returns the packages in dirs, which are directories of one module below
// the root, as importers see them: it reads what the compiler writes for them.
func load(module string, dirs []string) ([]*types.Package, error) {
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Export,DepOnly"}, dirs...)...)
	list.Dir = filepath.Join(root, module)
	out, err := list.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go list in %s: %w: %s", module, err, failed.Stderr)
	}
	if err != nil {
		return nil, err
	}
	files := make(map[string]string) // of export data, by the path of the package
	var paths []string
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p struct {
			ImportPath, Export string
			DepOnly            bool
		}
		if err := decoder.Decode(&p); err != nil {
			return nil, err
		}
		files[p.ImportPath] = p.Export
		if !p.DepOnly {
			paths = append(paths, p.ImportPath)
		}
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
	compiled := importer.ForCompiler(token.NewFileSet(), "gc", lookup)
	var packages []*types.Package
	for _, path := range paths {
		pkg, err := compiled.Import(path)
		if err != nil {
			return nil, err
		}
		packages = append(packages, pkg)
	}
	return packages, nil
}

// byModule groups directories below the root by the module that they belong to.
// They come out relative to it.
func byModule(dirs []string) map[string][]string {
	modules := make(map[string][]string)
	for _, dir := range dirs {
		module := dir
		for module != "." {
			if _, err := os.Stat(filepath.Join(root, module, "go.mod")); err == nil {
				break
			}
			module = filepath.Dir(module)
		}
		relative, _ := filepath.Rel(module, dir) // one is within the other
		modules[module] = append(modules[module], "."+string(filepath.Separator)+relative)
	}
	return modules
}

// publicPackages returns the directories, below the root, that hold packages
// which users may import. It looks into all the others as well: a change to any
// file of the repository thus makes go test run the test again.
func publicPackages() (dirs []string, err error) {
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && len(name) > 1 && name[0] == '.':
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	dirs = slices.DeleteFunc(dirs, func(dir string) bool {
		top := strings.Split(dir, string(filepath.Separator))
		return slices.Contains(top, "internal") || slices.Contains(top, "testdata") || top[0] == "examples"
	})
	slices.Sort(dirs)
	return slices.Compact(dirs), err
}
