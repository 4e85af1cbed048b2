package transport

import (
	"context"
	"errors"
	"fmt"

	"github.com/agentcopy/agentcopy-go/internal/laxjson"
)

// unmarshal decodes the answer data into v, a pointer to a zero value, as far as it
// can be read. What is odd about it, if it can be read, is the warning.
func (c *Client) unmarshal(ctx context.Context, data []byte, v any) (warning, err error) {
	odd, err := laxjson.Unmarshal(ctx, data, v)
	switch {
	case odd != nil:
		return odd, nil
	case errors.Is(err, laxjson.ErrEmpty):
		return nil, errEmpty
	case errors.Is(err, laxjson.ErrNotJSON):
		return nil, c.notJSON(data)
	case errors.Is(err, laxjson.ErrBroken):
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil, err // the context's, or nil
}

// judgeRead is the verdict of verify on an answer that was read with a warning. What
// is missing from a malformed answer may have been there.
func judgeRead(warning, verdict error) error {
	odd, ok := errors.AsType[*laxjson.Warning](warning)
	if ok && odd.Malformed && (errors.Is(verdict, ErrNoID) || errors.Is(verdict, ErrNoList)) {
		return fmt.Errorf("%w: %w", errBroken, odd)
	}
	return verdict
}
