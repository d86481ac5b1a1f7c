#include "tools/load/query/expectation.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <unordered_map>

#include "tools/gatepost/dns/message.h"
#include "tools/load/query/text_file.h"

namespace gatepost::tools {

using storage::RRType;

namespace {

constexpr size_t kAddressOctets = 16;
constexpr uint16_t kRcodes = 16;
constexpr uint16_t kTruncated = 0x0200;

std::string key_of(storage::DnameView name, RRType type) {
    storage::Dname lower = storage::dname_lower(name);
    std::string key(reinterpret_cast<const char*>(lower.view().data()), lower.length());
    key.push_back(static_cast<char>(static_cast<uint16_t>(type) >> 8));
    key.push_back(static_cast<char>(type));
    return key;
}

// Behind a name, compressed or not; the reader has failed where it does not end.
void skip_name(ByteReader& reader) {
    while (reader.ok()) {
        uint8_t length = reader.u8();
        if (length == 0) return;
        if (length >= 0xc0) {
            reader.u8();
            return;
        }
        if (length > storage::kLabelLengthMax) return reader.fail();
        reader.bytes(length);
    }
}

}  // namespace

Result<Expectations> Expectations::from_text(std::string_view text, const std::string& name,
                                             const QueryList& queries) {
    Expectations out;
    std::unordered_map<std::string, uint32_t> by_question;
    std::vector<bool> asked;
    Status read =
        for_each_line(text, name, [&](const std::vector<std::string_view>& words) -> Status {
            if (words.size() < 3)
                return fail(ErrorCode::invalid,
                            "expected a name, a type and at least one answer, such as "
                            "\"www.example.org A 192.0.2.1\"");
            auto question = question_from_words(words[0], words[1]);
            if (!question) return tl::unexpected(std::move(question).error());
            Line line;
            line.first = static_cast<uint32_t>(out.addresses_.size() / kAddressOctets);
            for (size_t i = 2; i < words.size(); ++i)
                if (Status added = out.add_word(words[i], question->type, line); !added)
                    return added;
            auto number = static_cast<uint32_t>(out.lines_.size());
            if (!by_question.emplace(key_of(question->name, question->type), number).second)
                return fail(ErrorCode::invalid, "{} {} has a line already", words[0], words[1]);
            out.lines_.push_back(line);
            return {};
        });
    if (!read) return tl::unexpected(std::move(read).error());
    asked.resize(out.lines_.size());
    out.of_query_.assign(queries.size(), kNone);
    for (size_t i = 0; i < queries.size(); ++i) {
        auto found = by_question.find(key_of(queries[i].name, queries[i].type));
        if (found == by_question.end()) continue;
        out.of_query_[i] = found->second;
        asked[found->second] = true;
        ++out.count_;
    }
    if (out.count_ == 0)
        return fail(ErrorCode::invalid, "{}: none of its {} questions is among the queries", name,
                    out.lines_.size());
    return out;
}

Result<Expectations> Expectations::from_file(const std::string& path, const QueryList& queries) {
    auto text = text_of_file(path);
    if (!text) return tl::unexpected(std::move(text).error());
    return from_text(*text, path == "-" ? "standard input" : path, queries);
}

Status Expectations::add_word(std::string_view word, RRType type, Line& line) {
    std::array<uint8_t, kAddressOctets> address{};
    std::string text(word);
    if (word == "NODATA") {
        line.no_data = true;
        return {};
    }
    // NOERROR alone would say nothing of the data.
    for (uint16_t rcode = 1; rcode < kRcodes; ++rcode) {
        if (word == rcode_to_text(rcode)) {
            line.rcodes = static_cast<uint16_t>(line.rcodes | 1U << rcode);
            return {};
        }
    }
    int family = type == RRType::A ? AF_INET : AF_INET6;
    if ((type != RRType::A && type != RRType::AAAA) ||
        ::inet_pton(family, text.c_str(), address.data()) != 1)
        return fail(ErrorCode::invalid,
                    "\"{}\" is not an answer, expected an {}rcode such as NXDOMAIN, or NODATA",
                    word,
                    type == RRType::A      ? "IPv4 address, an "
                    : type == RRType::AAAA ? "IPv6 address, an "
                                           : "");
    addresses_.insert(addresses_.end(), address.begin(), address.end());
    ++line.count;
    return {};
}

bool Expectations::is_address(const Line& line, Bytes rdata) const {
    for (uint32_t i = line.first; i < line.first + line.count; ++i)
        if (std::memcmp(&addresses_[i * kAddressOctets], rdata.data(), rdata.size()) == 0)
            return true;
    return false;
}

bool Expectations::allows(size_t query, RRType type, size_t question_end, Bytes response) const {
    const Line& line = lines_[of_query_[query]];
    uint16_t flags = load_be16(&response[2]);
    unsigned rcode = flags & 15;
    if (rcode != 0) return (line.rcodes & 1U << rcode) != 0;
    // What is missing from a truncated answer cannot be told.
    if ((flags & kTruncated) != 0) return true;
    size_t expected = type == RRType::A ? 4 : type == RRType::AAAA ? kAddressOctets : 0;
    uint16_t answers = load_be16(&response[6]);
    bool found = false;
    ByteReader reader(response.subspan(question_end));
    for (uint16_t i = 0; i < answers; ++i) {
        skip_name(reader);
        auto record_type = static_cast<RRType>(reader.u16());
        reader.bytes(6);  // class, TTL
        Bytes rdata = reader.bytes(reader.u16());
        if (!reader.ok()) return false;
        if (record_type != type) continue;  // the CNAME that leads to it
        found = true;
        if (rdata.size() != expected || !is_address(line, rdata)) return false;
    }
    return found ? line.count > 0 : line.no_data;
}

}  // namespace gatepost::tools
