#include "dataplane/http/dns_json.h"

#include <cstring>
#include <string>
#include <vector>

#include "dataplane/dns/message.h"
#include "dataplane/http/dns_records.h"
#include "dataplane/http/request.h"
#include "storage/zone/dname.h"
#include "storage/zone/rdata.h"
#include "storage/zone/rrtype.h"

namespace gatepost::dataplane {

namespace {

using storage::RRType;

constexpr size_t kNameTextMax = 1024;  // octets: 255 as \DDD are fewer
constexpr uint8_t kFlagAd = 0x20;      // octet 3 (RFC 4035 §3.2.3)
constexpr uint8_t kFlagCd = 0x10;
constexpr uint8_t kFlagRa = 0x80;
constexpr uint16_t kOptDo = 0x8000;  // RFC 3225 §3
constexpr uint16_t kOwnPayload = 65'535;

// The value of a parameter without its escapes; empty where it is not there.
Result<std::string> text_parameter(std::string_view parameters, std::string_view name) {
    auto value = query_parameter(parameters, name);
    if (!value) return std::string();
    if (value->size() > kNameTextMax)
        return fail(ErrorCode::invalid, "{}: longer than {} octets", name, kNameTextMax);
    std::string text(value->size(), '\0');
    auto length = decode_percent(*value, true, reinterpret_cast<uint8_t*>(text.data()));
    if (!length) return fail(ErrorCode::invalid, "{}: a broken %-escape", name);
    text.resize(*length);
    return text;
}

Result<bool> flag_parameter(std::string_view parameters, std::string_view name) {
    auto text = text_parameter(parameters, name);
    if (!text) return tl::unexpected(text.error());
    if (text->empty() || *text == "0" || equals_ignoring_case(*text, "false")) return false;
    if (*text == "1" || equals_ignoring_case(*text, "true")) return true;
    return fail(ErrorCode::invalid, "{}: 1, 0, true or false was expected", name);
}

Result<RRType> type_parameter(std::string_view parameters) {
    auto text = text_parameter(parameters, "type");
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) return RRType::A;
    bool digits = text->find_first_not_of("0123456789") == std::string::npos && text->size() <= 5;
    auto type = storage::rrtype_from_text(digits ? "TYPE" + *text : *text);
    if (!type) return fail(ErrorCode::invalid, "type: a number or a name of a type was expected");
    return *type;
}

}  // namespace

Result<uint16_t> json_query(std::string_view parameters, uint8_t* room) {
    auto text = text_parameter(parameters, "name");
    if (!text) return tl::unexpected(text.error());
    if (text->empty()) return fail(ErrorCode::invalid, "name: missing");
    auto name = storage::dname_from_text(*text);
    if (!name) return fail(ErrorCode::invalid, "name: {}", name.error().message);
    auto type = type_parameter(parameters);
    if (!type) return tl::unexpected(type.error());
    auto dnssec_ok = flag_parameter(parameters, "do");
    if (!dnssec_ok) return tl::unexpected(dnssec_ok.error());
    auto checking_disabled = flag_parameter(parameters, "cd");
    if (!checking_disabled) return tl::unexpected(checking_disabled.error());

    std::memset(room, 0, kHeaderSize);
    room[2] = kFlagRd;
    room[3] = *checking_disabled ? kFlagCd : 0;
    store_be16(room + kQdcountAt, 1);
    store_be16(room + kArcountAt, 1);
    uint8_t* at = room + kHeaderSize;
    std::memcpy(at, name->view().data(), name->length());
    at += name->length();
    store_be16(at, static_cast<uint16_t>(*type));
    store_be16(at + 2, storage::kClassIn);
    at += 4;
    *at++ = 0;  // OPT (RFC 6891 §6.1.2): the root's name, type, payload size, flags, no options
    store_be16(at, static_cast<uint16_t>(RRType::OPT));
    store_be16(at + 2, kOwnPayload);
    store_be32(at + 4, *dnssec_ok ? kOptDo : 0);
    store_be16(at + 8, 0);
    return static_cast<uint16_t>(at + 10 - room);
}

namespace {

// The data of a record with its names in full, as the functions of presentation text want it: of
// the types whose names may be compressed (RFC 3597 §4), and of those that used to be.
bool expand(Bytes reply, const DnsRecord& record, std::vector<uint8_t>& out) {
    size_t names = 0;
    size_t before = 0;
    switch (static_cast<RRType>(record.type)) {
        case RRType::NS:
        case RRType::CNAME:
        case RRType::PTR:
        case RRType::DNAME:
            names = 1;
            break;
        case RRType::MX:
        case RRType::AFSDB:
            before = 2;
            names = 1;
            break;
        case RRType::SRV:
            before = 6;
            names = 1;
            break;
        case RRType::SOA:
        case RRType::RP:
            names = 2;
            break;
        default:
            break;
    }
    size_t at = record.rdata;
    size_t end = at + record.rdata_length;
    out.clear();
    auto take = [&](size_t count) {
        if (end - at < count) return false;
        out.insert(out.end(), reply.data() + at, reply.data() + at + count);
        at += count;
        return true;
    };
    if (!take(before)) return false;
    for (; names > 0; --names) {
        auto name = storage::dname_from_message(reply.first(end), at, &at);
        if (!name || at > end) return false;
        Bytes wire = name->view().wire();
        out.insert(out.end(), wire.begin(), wire.end());
    }
    return take(end - at);
}

std::string_view rcode_name(uint16_t rcode) {
    switch (static_cast<Rcode>(rcode)) {
        case Rcode::noerror:
            return "";
        case Rcode::formerr:
            return "FORMERR: the query is malformed";
        case Rcode::servfail:
            return "SERVFAIL: the query could not be answered";
        case Rcode::nxdomain:
            return "";
        case Rcode::notimp:
            return "NOTIMP: that kind of query is not supported";
        case Rcode::refused:
            return "REFUSED: the name is in no zone of this server";
        case Rcode::yxdomain:
            return "YXDOMAIN: a DNAME record makes the name too long";
        case Rcode::badvers:
            return "BADVERS: that version of EDNS is not supported";
        case Rcode::badcookie:
            return "BADCOOKIE: a valid server cookie is needed";
    }
    return "an unknown response code";
}

void put_flag(TextWriter& out, std::string_view name, bool set) {
    out.put(",\"");
    out.put(name);
    out.put(set ? "\":true" : "\":false");
}

// RFC 8484 is silent about JSON; the fields are those of the two resolvers.
bool put_record(Bytes reply, const DnsRecord& record, std::vector<uint8_t>& data, TextWriter& out) {
    auto owner = storage::dname_from_message(reply, record.owner);
    if (!owner || !expand(reply, record, data)) return false;
    out.put("{\"name\":");
    out.put_json(storage::dname_to_text(*owner));
    out.put(",\"type\":");
    out.put(record.type);
    out.put(",\"TTL\":");
    out.put(record.ttl);
    out.put(",\"data\":");
    out.put_json(storage::rdata_to_text(static_cast<RRType>(record.type), data));
    out.put("}");
    return true;
}

bool put_section(Bytes reply, DnsSection section, std::string_view name, TextWriter& out) {
    DnsRecords records(reply);
    std::vector<uint8_t> data;
    DnsRecord record;
    bool begun = false;
    while (records.next(record)) {
        if (record.section != section) continue;
        if (!begun) {
            out.put(",\"");
            out.put(name);
        }
        out.put(begun ? "," : "\":[");
        begun = true;
        if (!put_record(reply, record, data, out)) return false;
    }
    if (begun) out.put("]");
    return records.ok();
}

// RFC 6891 §6.1.3: the upper bits of the response code are in the OPT record.
uint16_t whole_rcode(Bytes reply) {
    uint16_t rcode = reply[3] & kRcodeMask;
    DnsRecords records(reply);
    DnsRecord record;
    while (records.next(record)) {
        if (record.section == DnsSection::additional &&
            record.type == static_cast<uint16_t>(RRType::OPT))
            rcode = static_cast<uint16_t>(rcode | (record.ttl >> 24) << 4);
    }
    return rcode;
}

}  // namespace

bool write_json_reply(Bytes reply, TextWriter& out) {
    if (reply.size() < kHeaderSize) return false;
    uint16_t rcode = whole_rcode(reply);
    out.put("{\"Status\":");
    out.put(rcode);
    put_flag(out, "TC", reply[2] & kFlagTc);
    put_flag(out, "RD", reply[2] & kFlagRd);
    put_flag(out, "RA", reply[3] & kFlagRa);
    put_flag(out, "AD", reply[3] & kFlagAd);
    put_flag(out, "CD", reply[3] & kFlagCd);
    if (load_be16(reply.data() + kQdcountAt) == 1) {
        size_t end = 0;
        auto name = storage::dname_from_message(reply, kHeaderSize, &end);
        if (!name || reply.size() - end < 4) return false;
        out.put(",\"Question\":[{\"name\":");
        out.put_json(storage::dname_to_text(*name));
        out.put(",\"type\":");
        out.put(load_be16(reply.data() + end));
        out.put("}]");
    }
    if (!put_section(reply, DnsSection::answer, "Answer", out) ||
        !put_section(reply, DnsSection::authority, "Authority", out))
        return false;
    if (std::string_view comment = rcode_name(rcode); !comment.empty()) {
        out.put(",\"Comment\":");
        out.put_json(comment);
    }
    out.put("}\n");
    return true;
}

}  // namespace gatepost::dataplane
