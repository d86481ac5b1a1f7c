#include "tests/support/dns_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/check.h"
#include "storage/zone/rdata.h"

namespace gatepost::tests {

namespace {

using storage::Dname;
using storage::RRType;

// Record data with its compressed names expanded.
std::vector<uint8_t> expand_rdata(RRType type, Bytes message, size_t at, size_t length,
                                  std::string& error) {
    size_t names = 0;
    size_t before = 0;
    switch (type) {
        case RRType::NS:
        case RRType::CNAME:
        case RRType::PTR:
            names = 1;
            break;
        case RRType::MX:
            names = 1;
            before = 2;
            break;
        case RRType::SOA:
            names = 2;
            break;
        default:
            break;
    }
    size_t end = at + length;
    std::vector<uint8_t> out(message.begin() + static_cast<ptrdiff_t>(at),
                             message.begin() + static_cast<ptrdiff_t>(at + before));
    at += before;
    for (size_t i = 0; i < names; ++i) {
        size_t next = 0;
        auto name = storage::dname_from_message(message.first(end), at, &next);
        if (!name) {
            error = name.error().message;
            return {};
        }
        Bytes wire = name->view().wire();
        out.insert(out.end(), wire.begin(), wire.end());
        at = next;
    }
    if (at > end) {
        error = "a name runs over the end of its record";
        return {};
    }
    out.insert(out.end(), message.begin() + static_cast<ptrdiff_t>(at),
               message.begin() + static_cast<ptrdiff_t>(end));
    return out;
}

void read_opt(ReplyText& reply, uint16_t klass, uint32_t ttl, Bytes options) {
    reply.edns = true;
    reply.edns_size = klass;
    reply.rcode |= static_cast<int>(ttl >> 24 << 4);
    reply.dnssec_ok = ttl & 0x8000;
    ByteReader reader(options);
    while (!reader.at_end()) {
        uint16_t code = reader.u16();
        Bytes data = reader.bytes(reader.u16());
        if (!reader.ok()) {
            reply.error = "a broken EDNS option";
            return;
        }
        if (code == 15 && data.size() >= 2) reply.extended_errors.push_back(load_be16(data.data()));
        if (code == 10) {
            if (!reply.cookie.empty()) reply.error = "two cookies";
            reply.cookie.assign(data.begin(), data.end());
        }
    }
}

size_t read_record(Bytes message, size_t at, ReplyText& reply, std::vector<std::string>& lines) {
    size_t fixed = 0;
    auto owner = storage::dname_from_message(message, at, &fixed);
    if (!owner || fixed + 10 > message.size()) {
        reply.error = "a broken record";
        return 0;
    }
    const uint8_t* p = message.data() + fixed;
    RRType type{load_be16(p)};
    size_t length = load_be16(p + 8);
    if (fixed + 10 + length > message.size()) {
        reply.error = "a record that runs over the end";
        return 0;
    }
    uint32_t ttl = load_be32(p + 4);
    if (type == RRType::OPT) {
        read_opt(reply, load_be16(p + 2), ttl, message.subspan(fixed + 10, length));
    } else {
        std::vector<uint8_t> rdata = expand_rdata(type, message, fixed + 10, length, reply.error);
        lines.push_back(fmt::format("{} {} {} {}", storage::dname_to_text(*owner), ttl,
                                    storage::rrtype_to_text(type),
                                    storage::rdata_to_text(type, rdata)));
    }
    return fixed + 10 + length;
}

std::string flag_names(uint8_t high, uint8_t low) {
    std::string text;
    auto add = [&](bool set, const char* name) {
        if (!set) return;
        if (!text.empty()) text += ' ';
        text += name;
    };
    add(high & 0x80, "qr");
    add(high & 0x04, "aa");
    add(high & 0x02, "tc");
    add(high & 0x01, "rd");
    add(low & 0x80, "ra");
    add(low & 0x20, "ad");
    add(low & 0x10, "cd");
    return text;
}

}  // namespace

std::vector<uint8_t> make_query(const QueryText& query) {
    auto name = storage::dname_from_text(query.name);
    auto type = storage::rrtype_from_text(query.type);
    GATEPOST_CHECK(name.has_value() && type.has_value());
    std::vector<uint8_t> out;
    ByteWriter writer(out);
    writer.u16(0x1234);
    writer.u16(query.recursion_desired ? 0x0100 : 0);
    writer.u16(query.question ? 1 : 0);
    writer.u16(0);
    writer.u16(0);
    writer.u16(query.edns >= 0 ? 1 : 0);
    if (query.question) {
        writer.bytes(name->view().wire());
        writer.u16(static_cast<uint16_t>(*type));
        writer.u16(storage::kClassIn);
    }
    if (query.edns >= 0) {
        writer.u8(0);
        writer.u16(static_cast<uint16_t>(RRType::OPT));
        writer.u16(static_cast<uint16_t>(query.edns));
        writer.u8(0);
        writer.u8(query.edns_version);
        writer.u16(query.dnssec_ok ? 0x8000 : 0);
        writer.u16(static_cast<uint16_t>(query.options.size()));
        writer.bytes(query.options);
    }
    return out;
}

std::vector<uint8_t> cookie_option(Bytes cookie) {
    constexpr uint16_t kOptionCookie = 10;  // RFC 7873 §4
    constexpr size_t kOptionHeader = 4;     // code and length
    std::vector<uint8_t> option(kOptionHeader + cookie.size());
    store_be16(option.data(), kOptionCookie);
    store_be16(option.data() + 2, static_cast<uint16_t>(cookie.size()));
    std::copy(cookie.begin(), cookie.end(), option.begin() + kOptionHeader);
    return option;
}

ReplyText read_reply(Bytes message) {
    ReplyText reply;
    reply.size = message.size();
    if (message.size() < 12) {
        reply.error = "shorter than a header";
        return reply;
    }
    reply.id = load_be16(message.data());
    reply.rcode = message[3] & 0x0f;
    reply.flags = flag_names(message[2], message[3]);
    size_t at = 12;
    if (load_be16(message.data() + 4) == 1) {
        size_t end = 0;
        auto name = storage::dname_from_message(message, at, &end);
        if (!name || end + 4 > message.size()) {
            reply.error = "a broken question";
            return reply;
        }
        reply.question = storage::dname_to_text(*name) + " " +
                         storage::rrtype_to_text(RRType{load_be16(message.data() + end)});
        at = end + 4;
    }
    std::vector<std::string>* sections[] = {&reply.answer, &reply.authority, &reply.additional};
    for (size_t s = 0; s < 3; ++s) {
        for (uint16_t left = load_be16(message.data() + 6 + 2 * s); left > 0; --left) {
            at = read_record(message, at, reply, *sections[s]);
            if (!reply.error.empty()) return reply;
        }
    }
    if (at != message.size()) reply.error = "octets behind the last record";
    return reply;
}

}  // namespace gatepost::tests
