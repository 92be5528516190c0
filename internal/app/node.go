package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tierdesk/tierdesk/internal/platform/db"
	"github.com/tierdesk/tierdesk/internal/platform/fault"
)

// lockFolder holds a data folder for one server. The lock ends with the process.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.New(fault.Conflict, "Another server is running on this data folder. Stop it, or choose another --data.").WithCause(err)
	}
	return f, nil
}

// nodeName is this node's name, the same after each restart: jobs that a crash
// interrupted are known by it.
func nodeName(dir string) (string, error) {
	path := filepath.Join(dir, "node")
	data, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(data))) > 0 {
		return strings.TrimSpace(string(data)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	name := db.NewID()
	return name, os.WriteFile(path, []byte(name+"\n"), 0o600)
}
