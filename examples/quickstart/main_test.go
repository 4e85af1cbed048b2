package main

func Example() {
	main()
	// Output:
	// One call copies an agent:
	//   Zudu       agent_00000000-0000-4000-8000-000000000002 Support, Berlin
	//   Cotool     00000000-0000-4000-8000-000000000002       Phishing triage
	//   LangSmith  00000000-0000-4000-8000-000000000002       Researcher, EU law
	//   Kolena     2                                          Lease reader, Hamburg
	//
	// Kolena makes the copy, and its answer is lost:
	//   retries every error  success                  copies made: 2
	//   this SDK             error, outcome unknown   copies made: 1
	//   this SDK with once   success                  copies made: 1
}
