// What a worker counts about IMAP and POP3: written by the worker alone, read by anyone.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/stream_deflate/compression_counters.h"

namespace gatepost::dataplane {

struct ImapCounters {
    std::atomic<uint64_t> sessions{0};
    std::atomic<uint64_t> logins{0};
    std::atomic<uint64_t> logins_failed{0};
    std::atomic<uint64_t> commands{0};
    std::atomic<uint64_t> bad_commands{0};      // answered BAD
    std::atomic<uint64_t> refused{0};           // answered NO
    std::atomic<uint64_t> appended{0};          // messages
    std::atomic<uint64_t> fetched{0};           // messages
    std::atomic<uint64_t> body_octets{0};       // sent out of the message log
    std::atomic<uint64_t> searched{0};          // messages whose bodies were read
    std::atomic<uint64_t> wakes{0};             // of sessions in IDLE
    std::atomic<uint64_t> literals_refused{0};  // too large
    std::atomic<uint64_t> urls_signed{0};       // by GENURLAUTH
    std::atomic<uint64_t> urls_fetched{0};      // by URLFETCH
    std::atomic<uint64_t> urls_refused{0};      // of URLFETCH and CATENATE: not or wrongly signed,
                                                // expired, for others, or of nothing that is there
    std::atomic<uint64_t> pop3_sessions{0};
    std::atomic<uint64_t> unavailable{0};  // changes that could not be made: the database is away
    // As it is now.
    std::atomic<uint64_t> logged_in{0};
    std::atomic<uint64_t> idling{0};
    CompressionCounters compression;  // COMPRESS=DEFLATE
};

}  // namespace gatepost::dataplane
