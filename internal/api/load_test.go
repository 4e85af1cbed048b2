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

// load returns the package in dir, a directory below the root, as importers see
// it. It reads what the compiler has written for them.
func load(dir string) (*types.Package, error) {
	files, path, err := exportFiles(filepath.Join("..", "..", dir))
	if err != nil {
		return nil, err
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
	return importer.ForCompiler(token.NewFileSet(), "gc", lookup).Import(path)
}

// exportFiles compiles the package in dir. It returns the files of export data
// of the package and of all that it imports, by their paths, and its own path.
func exportFiles(dir string) (files map[string]string, path string, err error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export,DepOnly", ".")
	list.Dir = dir
	out, err := list.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, "", fmt.Errorf("go list in %s: %w: %s", dir, err, failed.Stderr)
	}
	if err != nil {
		return nil, "", err
	}
	files = make(map[string]string)
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p struct {
			ImportPath, Export string
			DepOnly            bool
		}
		if err := decoder.Decode(&p); err != nil {
			return nil, "", err
		}
		files[p.ImportPath] = p.Export
		if !p.DepOnly {
			path = p.ImportPath
		}
	}
	return files, path, nil
}

// publicPackages returns the directories, below the root, that hold packages
// which users may import. It looks into all the others as well: a change to any
// file of the repository thus makes go test run the test again.
func publicPackages() (dirs []string, err error) {
	err = fs.WalkDir(os.DirFS(filepath.Join("..", "..")), ".", func(path string, entry fs.DirEntry, err error) error {
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
