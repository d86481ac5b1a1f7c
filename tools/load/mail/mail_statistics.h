// What a run over SMTP counts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>

#include "tools/load/engine/histogram.h"
#include "tools/load/mail/smtp_dialogue.h"

namespace gatepost::tools {

struct MailCounts {
    uint64_t begun = 0;     // messages; the sum of the four that follow, once the run is over
    uint64_t accepted = 0;  // for one recipient at least
    uint64_t rejected = 0;  // for all of them
    uint64_t unknown = 0;   // content sent, no reply
    uint64_t unsent = 0;    // the connection ended before the content
    uint64_t octets = 0;    // of the contents of accepted messages
    uint64_t recipients_accepted = 0;
    uint64_t recipients_rejected = 0;
    uint64_t recipients_unknown = 0;
    uint64_t sessions = 0;  // connections that were begun
    std::array<uint64_t, kSessionFailures> failures{};
    // Recipients by where they were rejected, and with which reply.
    std::map<std::pair<SmtpStage, unsigned>, uint64_t> rejections;

    void add(const MessageOutcome& outcome, uint64_t octets_each);
    void add(const MailCounts& other);
    uint64_t failed_sessions() const;
};

struct MailStatistics {
    MailCounts total;
    Histogram whole;        // of accepted messages: from when one was to be sent to its final reply
    Histogram final_reply;  // from its last octet to its final reply
    uint64_t late = 0;      // open loop: begun more than a millisecond after its time
    uint64_t missed = 0;    // open loop: due, and not begun before the end
    uint64_t duration_ns = 0;  // to the last final reply
    bool given_up = false;     // no session came about any more
};

}  // namespace gatepost::tools
