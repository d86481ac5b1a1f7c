// Reads master files (RFC 1035 §5) record by record: $ORIGIN, $TTL (RFC 2308 §4), $INCLUDE and
// $GENERATE (as BIND has it), class IN. Errors read `file:line:column: what, and what was
// expected`; reading goes on with the next record, so that one run tells several of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"

namespace gatepost::storage {

inline constexpr uint32_t kTtlMax = 0x7fffffff;  // seconds, RFC 2181 §8

// Everything it refers to is valid during the call of the sink only, but `file` until reading ends.
struct MasterRecord {
    DnameView owner;  // case as written
    RRType type{};
    uint32_t ttl = 0;  // seconds
    Bytes rdata;       // well-formed for the type, names uncompressed
    const std::string* file = nullptr;
    uint32_t line = 0;  // where the record begins
};

struct MasterError {
    std::string file;
    uint32_t line = 0;
    uint32_t column = 0;  // in octets, from 1
    std::string message;

    std::string text() const;  // file:line:column: message
};

struct MasterFileOptions {
    Dname origin;  // of relative names until an $ORIGIN
    std::optional<uint32_t>
        default_ttl;             // seconds; as a $TTL line in front of the file would set it
    bool allow_include = false;  // off: an $INCLUDE is an error, for text that comes from strangers
    size_t include_depth_max = 8;     // files open at a time behind the first
    size_t include_count_max = 1000;  // $INCLUDE lines followed in one reading
    size_t generate_count_max =
        1 << 20;             // records that all $GENERATE lines of one reading may make
    size_t errors_max = 20;  // reading stops there
    // Called now and then, and at the end, with the octets read and those known of so far.
    std::function<void(uint64_t done, uint64_t total)> progress;
    std::vector<MasterError>* errors = nullptr;  // receives the errors one by one, where given
};

// Takes one record. An error it gives is reported like one of the text, at the record's place.
using MasterSink = std::function<Status(const MasterRecord& record)>;

// `path` "-" is the standard input. The error of the Status has all messages, one a line. The sink
// may have seen records by then: what they made is to be thrown away.
Status read_master_file(const std::string& path, const MasterFileOptions& options,
                        const MasterSink& sink);
// `name` stands for the file's name in messages. An $INCLUDE is relative to the working directory.
Status read_master_text(std::string_view text, const std::string& name,
                        const MasterFileOptions& options, const MasterSink& sink);

}  // namespace gatepost::storage
