// The questions of a run, in the order in which they are asked, round and round.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"

namespace gatepost::tools {

struct Question {
    storage::DnameView name;
    storage::RRType type = storage::RRType::A;
};

class QueryList {
  public:
    void add(storage::DnameView name, storage::RRType type);

    size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }
    Question operator[](size_t i) const {
        const Entry& entry = entries_[i];
        return {{&names_[entry.offset], entry.length}, entry.type};
    }

  private:
    struct Entry {
        uint64_t offset = 0;  // into names_
        uint8_t length = 0;
        storage::RRType type{};
    };
    std::vector<uint8_t> names_;  // wire form, one behind the other
    std::vector<Entry> entries_;
};

// "name type" a line, as dnsperf and kxdpgun read it: names are absolute with or without the final
// dot; empty lines and lines that begin with ";" or "#" are passed over. Errors read
// `name:line: what`; `name` is the file's.
Result<QueryList> queries_from_text(std::string_view text, const std::string& name);
// "-" is the standard input.
Result<QueryList> queries_from_file(const std::string& path);

}  // namespace gatepost::tools
