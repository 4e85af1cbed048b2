package main

import (
	"encoding/json"
	"fmt"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/cotool"
	"github.com/agentcopy/agentcopy-go/kolena"
	"github.com/agentcopy/agentcopy-go/langsmith"
	"github.com/agentcopy/agentcopy-go/zudu"
)

// The documents below have the fields that the vendors' pages show in their
// examples. Up to half of a document is lists, the rest is prompts and files.

const (
	agentUUID = "7d3e9a52-7c3c-4f0e-8a4b-0d6d3c1c9f11"
	ownerUUID = "3c90c3cc-0d44-4b50-8888-8dd25736052b"
)

var created = agentcopy.Time{Time: time.Date(2026, 5, 15, 20, 50, 32, 708302000, time.UTC)}

// zuduAnswer is an agent in the envelope that Zudu puts around all its answers.
type zuduAnswer struct {
	Message string     `json:"message"`
	Status  string     `json:"status"`
	Data    zudu.Agent `json:"data"`
}

func zuduDocument(size int) *zuduAnswer {
	answer := &zuduAnswer{Message: "Agent duplicated successfully", Status: "success", Data: zudu.Agent{
		AgentID:               "agent_f3302e6b-4ab0-4d5b-8b4c-f85c88ba4df2",
		AgentName:             cloneName,
		OrganizationID:        "org_xyz789",
		CreatedAt:             created,
		UpdatedAt:             created,
		BeginMessage:          "Hello, {{name}}",
		BeginMessageVariables: []string{"name"},
		BeginMessageDelayMs:   1000,
		MaxCallDurationMs:     3_600_000,
		Timezone:              "Europe/Berlin",
		KnowledgeBaseIDs:      []string{"kb_123"},
		RAGConfig:             zudu.RAGConfig{ChunksToRetrieve: 10, SimilarityThreshold: 0.7},
		STTConfig:             zudu.STTConfig{Language: "en", LanguageName: "English", UseRealtime: true},
		TTSConfig: zudu.TTSConfig{
			VoiceID: "voice_1", VoiceSpeed: 1.1, Language: "en", LanguageName: "English", Provider: "elevenlabs", Model: "flash",
		},
		LLMConfig:  zudu.LLMConfig{Temperature: 0.2, MaxTokens: 500},
		AccessInfo: json.RawMessage(`{"role":"owner","is_creator":true}`),
	}}
	llm := &answer.Data.LLMConfig
	for i := range size / 2048 {
		llm.Tools = append(llm.Tools, encode(map[string]any{
			"type": "webhook", "name": fmt.Sprint("tool_", i), "url": "https://hooks.example.com/zudu", "description": prose(800),
		}))
	}
	fill(answer, &llm.SystemMessage, size)
	return answer
}

func cotoolDocument(size int) *cotool.CopyAgentResponse {
	answer := &cotool.CopyAgentResponse{
		Agent: cotool.Agent{
			ID:                 agentUUID,
			OrganizationID:     "3c90c3cc-0d44-4b50-8888-8dd25736052a",
			Name:               "Triage",
			Description:        "Sorts alerts",
			CreatedAt:          created,
			UpdatedAt:          created,
			AgentType:          "detection",
			Origin:             "user",
			PlanningMode:       "auto",
			ModelAlias:         json.RawMessage(`"anthropic:chat:sonnet-4.6"`),
			ToolNames:          []string{"search", "jira"},
			Inputs:             []cotool.Input{{Name: "alert", Type: "text", Description: "The alert", Required: true}},
			ContextDocs:        []cotool.ContextDoc{{ID: "doc1", Name: "Runbook", MIMEType: "text/plain", Provider: "googleDocs"}},
			TriggerSummary:     []cotool.TriggerSummary{{ID: "t1", Name: "On ticket", Source: "jira", Enabled: true}},
			Tags:               []string{"soc"},
			AcceptanceCriteria: []string{"Names the host"},
			StructuredOutputSchema: json.RawMessage(
				`{"type":"object","properties":{"kind":{"type":"string","enum":["threat","noise"]}},"required":["kind"]}`),
		},
		ParkedAgentID:           "3c90c3cc-0d44-4b50-8888-8dd25736052d",
		ParkedAgentName:         "Triage",
		TransferredTriggerNames: []string{"On ticket"},
	}
	for range size / 2048 {
		answer.Agent.Skills = append(answer.Agent.Skills, cotool.AgentSkill{
			SkillID:        ownerUUID,
			Skill:          cotool.Skill{Name: "Lookup", Description: prose(800), RequiredTools: []string{"search"}},
			SkillVersionID: agentUUID,
		})
	}
	fill(answer, &answer.Agent.SystemPrompt, size)
	return answer
}

func langsmithDocument(size int) *langsmith.Agent {
	agent := &langsmith.Agent{
		ID:          agentUUID,
		Name:        cloneName,
		Description: "Looks things up",
		OwnerID:     ownerUUID,
		CreatedAt:   created,
		UpdatedAt:   created,
		Permissions: langsmith.Permissions{
			Identity: langsmith.IdentityPersonal, Visibility: langsmith.VisibilityTenant, TenantAccessLevel: langsmith.TenantAccessRead,
		},
		Runtime:     langsmith.Runtime{Model: langsmith.ModelConfig{ModelID: "openai:gpt-5.5"}},
		AccessLevel: langsmith.AccessWrite,
		IsOwner:     new(true),
		Backend:     langsmith.Backend{Type: langsmith.BackendState},
		Revision:    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Tools: langsmith.ToolsConfig{
			Tools: []langsmith.ToolSpec{
				{Name: "search", MCPServerURL: "https://tools.example.com", MCPServerName: "Tools", DisplayName: "Search"},
			},
			InterruptConfig: map[string]bool{"https://tools.example.com::search": true},
		},
	}
	for i := range size / 2048 {
		agent.Subagents = append(agent.Subagents, langsmith.SubagentSpec{
			Name: fmt.Sprint("reader ", i), Description: "Reads", ModelID: "openai:gpt-5.4-mini", Instructions: prose(800),
		})
	}
	const fileSize = 64 << 10
	for i := range size / 2 / fileSize {
		if agent.Files == nil {
			agent.Files = make(map[string]langsmith.FileEntry)
		}
		agent.Files[fmt.Sprintf("notes/%d.md", i)] = langsmith.FileEntry{Type: langsmith.FileTypeFile, Content: prose(fileSize)}
	}
	fill(agent, &agent.SystemPrompt, size)
	return agent
}

func kolenaDocument(size int) *kolena.Agent {
	agent := &kolena.Agent{
		ID:          456,
		WorkspaceID: 7,
		Name:        cloneName,
		Created:     created,
		Updated:     created,
		CreatedBy:   "user@example.com",
		NRuns:       3,
		OutputTemplates: []kolena.OutputTemplate{
			{ID: 9, Filename: "report.docx", Created: created, Updated: created},
		},
		Metadata: json.RawMessage(`{"team":"a","count":1,"tags":["x","y"]}`),
	}
	for i := range size / 1024 {
		agent.Prompts = append(agent.Prompts, kolena.Prompt{
			ID:             int64(i + 1),
			Name:           fmt.Sprint("Account number ", i),
			Created:        created,
			Updated:        created,
			LastUpdatedBy:  "user@example.com",
			Documents:      []kolena.Document{{Filename: "lease.pdf"}},
			InputPromptIDs: []int64{2, 3},
			Options: encode(map[string]any{
				"type": "string", "code_generation": false, "web_search": false, "prompt": "Find the account number. " + prose(200),
			}),
		})
	}
	fill(agent, &agent.Objective, size)
	return agent
}
