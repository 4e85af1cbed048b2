package boltledger

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"
)

// bbolt trusts its file: a page that names itself as its child sends it down for
// ever, a length gone wrong makes it ask for terabytes, and its own check of a
// file falls into both. So the pages are checked here before bbolt follows them:
// each lies within the file, is used once, and holds what it says.

// The kinds of pages, and what elements of a leaf are.
const (
	branchPage    = 0x01
	leafPage      = 0x02
	freelistPage  = 0x10
	bucketElement = 0x01
)

const (
	headerSize  = 16 // id, flags, count, overflow
	elementSize = 16 // of a branch: pos, key size, page; of a leaf: flags, pos, key size, value size
	bucketSize  = 16 // root page, sequence
	metaSize    = 64
	noFreelist  = math.MaxUint64
)

var native = binary.NativeEndian // as bbolt writes

// meta is what a file says of its last transaction.
type meta struct{ root, freelist, pages, transaction uint64 }

// checkPages checks every page of the file that bbolt may come to.
func checkPages(file io.ReaderAt, fileSize int64, pageSize int) error {
	m, err := lastMeta(file, pageSize)
	if err != nil {
		return err
	}
	if m.pages > uint64(fileSize)/uint64(pageSize) {
		return damaged("it is cut off: %d bytes are left of %d pages", fileSize, m.pages)
	}
	c := &pageCheck{file: file, pageSize: uint64(pageSize), used: make([]bool, m.pages)}
	if err := c.tree(m.root); err != nil {
		return err
	}
	return c.freelist(m.freelist)
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// lastMeta reads the meta page that bbolt goes by: of two, the newer that
// matches its checksum.
func lastMeta(file io.ReaderAt, pageSize int) (last meta, err error) {
	found := false
	for i := range int64(2) {
		data := make([]byte, metaSize)
		if _, err := file.ReadAt(data, i*int64(pageSize)+headerSize); err != nil {
			return meta{}, err
		}
		sum := fnv.New64a()
		_, _ = sum.Write(data[:56]) // it never fails
		m := meta{root: native.Uint64(data[16:]), freelist: native.Uint64(data[32:]), pages: native.Uint64(data[40:]), transaction: native.Uint64(data[48:])}
		if sum.Sum64() == native.Uint64(data[56:]) && (!found || m.transaction > last.transaction) {
			last, found = m, true
		}
	}
	if !found {
		return meta{}, damaged("it has lost its beginning")
	}
	return last, nil
}

type pageCheck struct {
	file     io.ReaderAt
	pageSize uint64
	used     []bool // by page
}

// tree checks the page with the given ID and all below it.
func (c *pageCheck) tree(id uint64) error {
	p, err := c.read(id)
	if err != nil {
		return err
	}
	switch p.flags {
	case leafPage:
		return c.leaf(p, true)
	case branchPage:
		return c.branch(p)
	}
	return p.fault("is of the kind %#x, where the tree leads to it", p.flags)
}

func (c *pageCheck) branch(p *page) error {
	if p.count == 0 {
		return p.fault("leads nowhere")
	}
	for i := range p.count {
		at := headerSize + i*elementSize
		e, err := p.slice(at, elementSize)
		if err != nil {
			return err
		}
		if _, err := p.slice(at+uint64(native.Uint32(e)), uint64(native.Uint32(e[4:]))); err != nil {
			return err
		}
		if err := c.tree(native.Uint64(e[8:])); err != nil {
			return err
		}
	}
	return nil
}

// leaf checks the elements of a leaf. Those of an inline bucket, which is a page
// in a value, are no buckets themselves.
func (c *pageCheck) leaf(p *page, buckets bool) error {
	for i := range p.count {
		at := headerSize + i*elementSize
		e, err := p.slice(at, elementSize)
		if err != nil {
			return err
		}
		keyAt, keySize := at+uint64(native.Uint32(e[4:])), uint64(native.Uint32(e[8:]))
		if _, err := p.slice(keyAt, keySize); err != nil {
			return err
		}
		value, err := p.slice(keyAt+keySize, uint64(native.Uint32(e[12:])))
		if err != nil {
			return err
		}
		if native.Uint32(e)&bucketElement == 0 {
			continue
		}
		if !buckets || len(value) < bucketSize {
			return p.fault("holds a bucket that is none")
		}
		if err := c.bucket(p, value); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks the tree of a bucket, or the page that it has inline.
func (c *pageCheck) bucket(p *page, value []byte) error {
	if root := native.Uint64(value); root != 0 {
		return c.tree(root)
	}
	if len(value) < bucketSize+headerSize {
		return p.fault("holds a bucket that is cut off")
	}
	inline := newPage(p.id, value[bucketSize:])
	if inline.flags != leafPage {
		return p.fault("holds a bucket of the kind %#x", inline.flags)
	}
	return c.leaf(inline, false)
}

// freelist checks that the pages that are said to be free are not in use.
func (c *pageCheck) freelist(id uint64) error {
	if id == noFreelist {
		return nil
	}
	p, err := c.read(id)
	if err != nil {
		return err
	}
	if p.flags != freelistPage {
		return p.fault("is of the kind %#x, and should list the free pages", p.flags)
	}
	at, count := uint64(headerSize), p.count
	if count == math.MaxUint16 { // then the list begins with how long it is
		first, err := p.slice(at, 8)
		if err != nil {
			return err
		}
		at, count = at+8, native.Uint64(first)
	}
	if count > uint64(len(c.used)) {
		return p.fault("lists more pages than there are")
	}
	list, err := p.slice(at, 8*count)
	if err != nil {
		return err
	}
	for entry := range slices.Chunk(list, 8) {
		if err := c.use(native.Uint64(entry), 1); err != nil {
			return err
		}
	}
	return nil
}

// read reads a page with those it flows over into, and notes that they are used.
func (c *pageCheck) read(id uint64) (*page, error) {
	if id >= uint64(len(c.used)) {
		return nil, damaged("page %d does not exist", id)
	}
	header := make([]byte, headerSize)
	if _, err := c.file.ReadAt(header, int64(id*c.pageSize)); err != nil {
		return nil, err
	}
	pages := 1 + uint64(native.Uint32(header[12:]))
	if named := native.Uint64(header); named != id {
		return nil, damaged("page %d says that it is %d", id, named)
	}
	if err := c.use(id, pages); err != nil {
		return nil, err
	}
	data := make([]byte, pages*c.pageSize)
	if _, err := c.file.ReadAt(data, int64(id*c.pageSize)); err != nil {
		return nil, err
	}
	return newPage(id, data), nil
}

// use notes that pages are used, from id on.
func (c *pageCheck) use(id, pages uint64) error {
	const metas = 2
	if id < metas || id >= uint64(len(c.used)) || pages > uint64(len(c.used))-id {
		return damaged("page %d does not exist, or flows over the end", id)
	}
	for i := id; i < id+pages; i++ {
		if c.used[i] {
			return damaged("page %d is used twice", i)
		}
		c.used[i] = true
	}
	return nil
}

type page struct {
	id, count uint64
	flags     uint16
	data      []byte
}

func newPage(id uint64, data []byte) *page {
	return &page{id: id, flags: native.Uint16(data[8:]), count: uint64(native.Uint16(data[10:])), data: data}
}

// slice returns a part of the page if it lies within it.
func (p *page) slice(at, size uint64) ([]byte, error) {
	if end := uint64(len(p.data)); at > end || size > end-at {
		return nil, p.fault("holds something that lies beyond its end")
	}
	return p.data[at : at+size], nil
}

func (p *page) fault(format string, args ...any) error {
	return damaged("page %d %s", p.id, fmt.Sprintf(format, args...))
}
