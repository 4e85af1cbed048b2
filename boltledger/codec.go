package boltledger

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/agentcopy/agentcopy-go/once"
)

// A record in the file is the checksum of a JSON document, and the document.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const checksumSize = 4

func encode(r *once.Record) ([]byte, error) {
	document, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	value := make([]byte, checksumSize, checksumSize+len(document))
	binary.BigEndian.PutUint32(value, crc32.Checksum(document, castagnoli))
	return append(value, document...), nil
}

// decode reads the record of key. The document holds the key as well, so that a
// value which has got under another one does not pass for it.
func decode(key string, value []byte) (r once.Record, err error) {
	if !intact(value) {
		return r, fmt.Errorf("%w: the record of key %q does not match its checksum", ErrDamaged, key)
	}
	if err := json.Unmarshal(value[checksumSize:], &r); err != nil {
		return r, fmt.Errorf("%w: the record of key %q: %w", ErrDamaged, key, err)
	}
	if r.Key != key {
		return r, fmt.Errorf("%w: key %q has the record of key %q", ErrDamaged, key, r.Key)
	}
	return r, nil
}

// intact reports whether value matches its checksum.
func intact(value []byte) bool {
	return len(value) >= checksumSize &&
		crc32.Checksum(value[checksumSize:], castagnoli) == binary.BigEndian.Uint32(value)
}
