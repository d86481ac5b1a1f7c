// Single-record transactions on several connections at once, as fast as the database takes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/compare/asker.h"
#include "bench/compare/sweep.h"
#include "storage/base/error.h"

namespace gatepost::bench {

struct CommitOptions {
    std::string dsn;
    std::string setting;  // run on each connection first: SET synchronous_commit = …
    std::string sql;      // one statement; $1 the address, $2 the name
    std::vector<std::string> names;
    unsigned connections = 8;
    Clock::duration settle{};  // with open connections, before all
    Clock::duration time{};
};

struct CommitResult {
    uint64_t transactions = 0;
    double seconds = 0;
    Clock::time_point last_commit;
    std::vector<Expectation> changed;  // each changed name with its last address
    size_t last_changed = 0;           // of these, the one committed last
};

// Each connection works on names of its own, so that the last address of each is known.
Result<CommitResult> run_commits(const CommitOptions& options);

}  // namespace gatepost::bench
