// The zygote of the built-in cache as a small static program: its forks cost half of those of `stampede` itself.
#include "harness/run/cache_client.h"
#include "harness/run/live_job.h"

int main() { return stampede::run_subject_zygote(stampede::built_in_subject()); }
