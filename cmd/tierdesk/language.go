package main

import (
	"fmt"
	"io"

	"github.com/tierdesk/tierdesk/internal/rules/language"
)

type policySchema struct{}

func (policySchema) Run(out io.Writer) error {
	l, err := language.Describe()
	if err != nil {
		return err
	}
	schema, err := l.Schema()
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	_, err = out.Write(schema)
	return err
}

type policyReference struct{}

func (policyReference) Run(out io.Writer) error {
	l, err := language.Describe()
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, l.Reference())
	return err
}
