// What a run over IMAP counts.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tools/load/engine/histogram.h"
#include "tools/load/imap/imap_operation.h"
#include "tools/load/imap/imap_session.h"
#include "tools/load/imap/mailbox_model.h"

namespace gatepost::tools {

struct ImapOperationFigures {
    uint64_t refused = 0;  // NO or BAD
    uint64_t unknown = 0;  // the connection ended without a response
    Histogram latency;     // of those answered with OK, and their number
};

struct ImapStatistics {
    std::array<ImapOperationFigures, kImapOperations> operations;
    uint64_t begun = 0;   // commands, and logins
    uint64_t octets = 0;  // received in the time measured
    uint64_t connections = 0;
    std::array<uint64_t, kImapFailures> failures{};
    std::string last_reason;  // of a failure or a refusal, as the server gave it
    uint64_t duration_ns = 0;
    uint64_t idle = 0;     // connections that were idle at the end of the time
    uint64_t changes = 0;  // watch: that were made
    uint64_t unseen = 0;   // watch: connections that were not told of a change in time
    Histogram seen;        // watch: from the OK of who changed it, 0 where it came first
    bool checked = false;  // whether `differences` say anything
    MailboxDifferences differences;
    bool given_up = false;  // the server could not be reached any more

    uint64_t answered() const;
    uint64_t refused() const;
    uint64_t unknown() const;
    uint64_t failed_connections() const;
    // Whether anything was not as it should be.
    bool failed() const;
};

}  // namespace gatepost::tools
