package readmes_test

// testedElsewhere has the tests that run a command, or the program of a command, by block.
var testedElsewhere = map[string]string{
	"examples/duel/README.md: go run ./examples/duel -addr 127.0.0.1:8080":                                                                             "./examples/duel TestDuel",
	"examples/tutorial/README.md: go run ./examples/tutorial":                                                                                          "./examples/tutorial TestTutorial",
	"README.md: go run ./examples/quizplayer carol":                                                                                                    "./examples/quizplayer TestQuizPlayers",
	"examples/enqueue/README.md: ./examples/enqueue/enqueue.sh":                                                                                        "./examples/enqueue TestEnqueue",
	"examples/enqueue/README.md: go run ./examples/enqueue alice bob":                                                                                  "./examples/enqueue TestEnqueue",
	"examples/enqueue/README.md: go run ./examples/enqueue .":                                                                                          "./examples/enqueue TestEnqueue",
	"examples/enqueue/README.md: go run ./server":                                                                                                      "./examples/enqueue TestEnqueue",
	"examples/gameserver/README.md: go run ./examples/gameserver":                                                                                      "./examples/gameserver TestTwoPlayersMeet",
	"examples/gameserver/README.md: REDIS_URL=redis://127.0.0.1:6379/0 ADDR=127.0.0.1:8080 go run ./examples/gameserver":                               "./examples/gameserver TestPlayersOfTwoServersMeet",
	"examples/gameserver/README.md: curl -X POST 'http://127.0.0.1:8080/play?player=alice&quiz=history' &":                                             "./examples/gameserver TestTwoPlayersMeet",
	"examples/loadtest/README.md: go run ./server --redis redis://127.0.0.1:6379/0 --rate-limit off":                                                   "./examples/loadtest TestServerKeepsItsPromises",
	"examples/loadtest/README.md: go run ./examples/loadtest --burst --players 10000":                                                                  "./examples/loadtest TestServerKeepsItsPromises",
	"examples/loadtest/README.md: go run ./examples/loadtest --players 2000 --queues 50 --zipf 1.2 --rate 500 --ramp 10s --duration 1m --svg load.svg": "./examples/loadtest TestLoadForSomeTime",
	"examples/monitoring/README.md: promtool test rules examples/monitoring/rules_test.yml":                                                            "./examples/monitoring TestPromtool",
	"examples/policy/README.md: go run ./examples/policy":                                                                                              "./examples/policy TestRun",
	"examples/quickstart/README.md: go run ./examples/quickstart":                                                                                      "./examples/quickstart TestQuickstart",
	"examples/quizplayer/README.md: go run ./server":                                                                                                   "./examples/quizplayer TestQuizPlayers",
	"examples/quizplayer/README.md: go run ./examples/quizplayer alice":                                                                                "./examples/quizplayer TestQuizPlayers",
	"examples/quizplayer/README.md: go run ./examples/quizplayer bob":                                                                                  "./examples/quizplayer TestQuizPlayers",
	"examples/tracing/README.md: go run ./examples/tracing":                                                                                            "./examples/tracing TestStart",
	"examples/webhook/README.md: export MATCHQ_WEBHOOK_SECRET=0123456789abcdef0123456789abcdef   # in both":                                            "./examples/webhook TestReceiver",
}

const (
	needsDocker     = "a container runtime is not part of the tests; TestSettingsExist and TestCompose hold the files against the server"
	needsKubernetes = "a Kubernetes cluster is not part of the tests; TestSettingsExist holds the chart's settings against the server"
	takesMinutes    = "it takes minutes"
	isThisRun       = "it is the run that this test is part of"
)

// notRunHere says why no test runs a command, by block.
var notRunHere = map[string]string{
	".github/CONTRIBUTING.md: bash .ci/run":                                                                                                                                 isThisRun,
	"README.md: go test ./...":                                                                                                                                              isThisRun,
	"README.md: go test -run '^$' -bench . -benchtime 1x ./matchq":                                                                                                          takesMinutes,
	"README.md: npx --yes wscat -c ws://127.0.0.1:4000/ws":                                                                                                                  "npx asks npm's registry, and wscat a terminal; TestClients sends the same frames",
	"examples/deploy/README.md: docker compose -f examples/deploy/compose.yaml up --build":                                                                                  needsDocker,
	"examples/deploy/README.md: docker build -f examples/deploy/Dockerfile -t matchq .":                                                                                     needsDocker,
	"examples/deploy/README.md: CGO_ENABLED=0 go build -trimpath -o matchq-server ./server":                                                                                 "it changes the machine: a service of systemd",
	"examples/deploy/README.md: kubectl create secret generic matchq --from-env-file=matchq.env":                                                                            needsKubernetes,
	"examples/deploy/README.md: helm upgrade matchq examples/deploy/helm --set-file rules=rules.json":                                                                       needsKubernetes,
	"examples/monitoring/README.md: docker compose -f examples/monitoring/compose.yaml up --build --detach --wait":                                                          needsDocker,
	"examples/monitoring/README.md: docker compose -f examples/monitoring/compose.yaml pause redis":                                                                         needsDocker,
	"examples/monitoring/README.md: docker compose -f examples/monitoring/compose.yaml down --volumes":                                                                      needsDocker,
	"examples/monitoring/README.md: curl -s http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=60 * sum by (outcome) (rate(matchq_ticket_wait_seconds_count[1m]))'": "it asks the Prometheus of the containers above",
}
