package language

import (
	"encoding/json"
	"slices"
	"strings"
)

// Schema is a JSON Schema (draft 2020-12) of the policy blocks for editors: what a key means, which keys there are, which words
// it takes. What depends on the rest of the document is left to `tierdesk policy check`.
func (l *Language) Schema() ([]byte, error) {
	properties := map[string]any{}
	for i := range l.Blocks {
		b := &l.Blocks[i]
		properties[b.Key] = l.blockSchema(b)
	}
	schema := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A block of a Tierdesk support policy", "type": "object",
		"properties": properties, "additionalProperties": false,
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}

func (l *Language) blockSchema(b *Block) map[string]any {
	entry := l.objectSchema(b)
	schema := map[string]any{"description": strings.TrimSpace(b.About)}
	switch b.Form {
	case "map":
		for k, v := range entry {
			schema[k] = v
		}
	case "words":
		schema["type"], schema["items"] = "array", map[string]any{"type": "string"}
	case "list":
		schema["type"], schema["items"] = "array", entry
	default:
		schema["type"], schema["additionalProperties"] = "object", entry
		if len(b.Keys) == 0 && !b.Rule {
			schema["additionalProperties"] = true
		}
	}
	return schema
}

func (l *Language) objectSchema(b *Block) map[string]any {
	keys := b.Keys
	if b.Rule {
		keys = append(slices.Clone(l.Rule), keys...)
	}
	return schemaOf(keys, b.Levels)
}

func schemaOf(keys []Key, open bool) map[string]any {
	properties := map[string]any{}
	var needed []string
	for _, k := range keys {
		properties[k.Name] = keySchema(k)
		if k.Need {
			needed = append(needed, k.Name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": open}
	if len(needed) > 0 && !open {
		schema["required"] = needed
	}
	return schema
}

func keySchema(k Key) map[string]any {
	schema := map[string]any{"description": strings.TrimSpace(k.About)}
	if words, ok := strings.CutPrefix(k.Type, "one of "); ok {
		schema["enum"] = strings.Split(words, ", ")
		return schema
	}
	switch k.Type {
	case "list":
		schema["type"] = "array"
		if len(k.Keys) > 0 {
			schema["items"] = schemaOf(k.Keys, false)
		}
	case "map":
		schema["type"] = "object"
		if len(k.Keys) > 0 {
			for key, v := range schemaOf(k.Keys, false) {
				schema[key] = v
			}
		}
	case "entries":
		schema["type"], schema["additionalProperties"] = "object", schemaOf(k.Keys, false)
	case "choose-list":
		schema["type"] = "array"
	case "conditions":
		schema["type"] = "object"
	case "expression", "text", "name", "date", "zone", "week", "duration", "event", "level", "plan", "calendar":
		schema["type"] = []string{"string", "number", "boolean"}
	}
	return schema
}
