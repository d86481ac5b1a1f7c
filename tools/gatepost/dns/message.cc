#include "tools/gatepost/dns/message.h"

#include <array>

namespace gatepost::tools {

using storage::Dname;
using storage::RRType;

namespace {

constexpr size_t kHeaderSize = 12;

// How a type's data begins, where it holds names that may come compressed: `skip` octets, then
// `names` names, then whatever is left. RFC 3597 §4: a receiver undoes compression in the types of
// RFC 1035 and in RP, AFSDB, SRV (and rarer ones), although it must not be sent in the latter.
struct NameLayout {
    RRType type;
    size_t skip;
    unsigned names;
};
constexpr NameLayout kNameLayouts[] = {
    {RRType::NS, 0, 1},  {RRType::CNAME, 0, 1}, {RRType::SOA, 0, 2},
    {RRType::PTR, 0, 1}, {RRType::DNAME, 0, 1}, {RRType::MX, 2, 1},
    {RRType::RP, 0, 2},  {RRType::AFSDB, 2, 1}, {RRType::SRV, 6, 1},
};

tl::unexpected<Error> malformed(size_t offset, std::string_view what) {
    return fail(ErrorCode::invalid, "malformed response: {} at octet {}", what, offset);
}

// Copies a record's data with the names in it written out.
Result<std::vector<uint8_t>> expand_rdata(Bytes message, size_t offset, size_t length,
                                          RRType type) {
    std::vector<uint8_t> out;
    const size_t end = offset + length;
    const auto copy_up_to = [&](size_t to) {
        out.insert(out.end(), message.begin() + static_cast<ptrdiff_t>(offset),
                   message.begin() + static_cast<ptrdiff_t>(to));
        offset = to;
    };
    for (const NameLayout& layout : kNameLayouts) {
        if (layout.type != type) continue;
        if (layout.skip > length) return malformed(offset, "record data ends early");
        copy_up_to(offset + layout.skip);
        for (unsigned i = 0; i < layout.names; ++i) {
            auto name = storage::dname_from_message(message, offset, &offset);
            if (!name) return malformed(offset, name.error().message);
            if (offset > end) return malformed(end, "a name runs over the end of its record");
            const Bytes wire = name->view().wire();
            out.insert(out.end(), wire.begin(), wire.end());
        }
    }
    copy_up_to(end);
    return out;
}

class Parser {
  public:
    explicit Parser(Bytes message) : message_(message) {}

    Result<Response> parse();

  private:
    size_t left() const { return message_.size() - at_; }
    uint16_t u16() {
        at_ += 2;
        return load_be16(message_.data() + at_ - 2);
    }
    uint32_t u32() {
        at_ += 4;
        return load_be32(message_.data() + at_ - 4);
    }
    Result<Dname> name();
    Status question(Response& out);
    Status section(unsigned count, std::vector<MessageRecord>& records, Response& out);
    Status edns(const MessageRecord& record, Response& out);

    Bytes message_;
    size_t at_ = 0;
};

Result<Dname> Parser::name() {
    const size_t start = at_;
    auto name = storage::dname_from_message(message_, at_, &at_);
    if (!name) return malformed(start, name.error().message);
    return name;
}

Status Parser::question(Response& out) {
    auto owner = name();
    if (!owner) return tl::unexpected(std::move(owner).error());
    if (left() < 4) return malformed(at_, "the question ends early");
    out.has_question = true;
    out.question = *owner;
    out.question_type = static_cast<RRType>(u16());
    out.question_class = u16();
    return {};
}

Status Parser::section(unsigned count, std::vector<MessageRecord>& records, Response& out) {
    for (unsigned i = 0; i < count; ++i) {
        MessageRecord record;
        auto owner = name();
        if (!owner) return tl::unexpected(std::move(owner).error());
        record.owner = *owner;
        if (left() < 10) return malformed(at_, "a record ends early");
        record.type = static_cast<RRType>(u16());
        record.class_number = u16();
        record.ttl = u32();
        const size_t length = u16();
        if (left() < length) return malformed(at_, "record data ends early");
        auto rdata = expand_rdata(message_, at_, length, record.type);
        if (!rdata) return tl::unexpected(std::move(rdata).error());
        record.rdata = std::move(*rdata);
        at_ += length;
        if (record.type != RRType::OPT) {
            records.push_back(std::move(record));
        } else if (Status ok = edns(record, out); !ok) {
            return ok;
        }
    }
    return {};
}

Status Parser::edns(const MessageRecord& record, Response& out) {
    // RFC 6891 §6.1.3: the TTL's octets are the upper RCODE bits, the version, and flags.
    out.has_edns = true;
    out.rcode = static_cast<uint16_t>(out.rcode | (record.ttl >> 24) << 4);
    out.edns.version = static_cast<uint8_t>(record.ttl >> 16);
    out.edns.dnssec_ok = (record.ttl & 0x8000) != 0;
    out.edns.udp_payload = record.class_number;
    ByteReader reader(record.rdata);
    while (reader.ok() && !reader.at_end()) {
        EdnsOption option{.code = reader.u16()};
        const Bytes data = reader.bytes(reader.u16());
        option.data.assign(data.begin(), data.end());
        out.edns.options.push_back(std::move(option));
    }
    if (!reader.ok()) return malformed(at_, "an EDNS option ends early");
    return {};
}

Result<Response> Parser::parse() {
    if (message_.size() < kHeaderSize)
        return malformed(message_.size(), "it ends within the header");
    Response out;
    out.id = u16();
    out.flags = u16();
    out.rcode = out.flags & 15;
    const unsigned questions = u16();
    const unsigned answers = u16();
    const unsigned authorities = u16();
    const unsigned additionals = u16();
    Status ok;
    for (unsigned i = 0; i < questions && ok; ++i) ok = question(out);
    if (ok) ok = section(answers, out.answer, out);
    if (ok) ok = section(authorities, out.authority, out);
    if (ok) ok = section(additionals, out.additional, out);
    if (!ok) return tl::unexpected(std::move(ok).error());
    if (left() != 0) return malformed(at_, "octets behind the last record");
    return out;
}

}  // namespace

std::vector<uint8_t> make_query(const QuestionOptions& options) {
    std::vector<uint8_t> out;
    ByteWriter writer(out);
    writer.u16(options.id);
    writer.u16(options.recursion_desired ? 0x0100 : 0);
    writer.u16(1);
    writer.u16(0);
    writer.u16(0);
    writer.u16(options.edns ? 1 : 0);
    writer.bytes(options.name.view().wire());
    writer.u16(static_cast<uint16_t>(options.type));
    writer.u16(options.class_number);
    if (options.edns) {
        writer.u8(0);  // the root owns OPT
        writer.u16(static_cast<uint16_t>(RRType::OPT));
        writer.u16(options.udp_payload);
        writer.u32(options.dnssec_ok ? 0x8000 : 0);
        writer.u16(0);
    }
    return out;
}

Result<Response> parse_response(Bytes message) {
    return Parser(message).parse();
}

std::string rcode_to_text(uint16_t rcode) {
    constexpr std::array<const char*, 12> kNames = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                    "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                    "NXRRSET", "NOTAUTH", "NOTZONE",  "DSOTYPENI"};
    if (rcode < kNames.size()) return kNames[rcode];
    if (rcode == 16) return "BADVERS";
    if (rcode == 23) return "BADCOOKIE";
    return fmt::format("RCODE{}", rcode);
}

std::string opcode_to_text(unsigned opcode) {
    constexpr std::array<const char*, 7> kNames = {"QUERY",  "IQUERY", "STATUS", "OPCODE3",
                                                   "NOTIFY", "UPDATE", "DSO"};
    return opcode < kNames.size() ? kNames[opcode] : fmt::format("OPCODE{}", opcode);
}

std::string flags_to_text(uint16_t flags) {
    constexpr std::pair<uint16_t, const char*> kFlags[] = {
        {0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"},
        {0x0080, "ra"}, {0x0020, "ad"}, {0x0010, "cd"}};
    std::string out;
    for (const auto& [bit, name] : kFlags)
        if ((flags & bit) != 0) out += (out.empty() ? "" : " ") + std::string(name);
    return out;
}

std::string class_to_text(uint16_t class_number) {
    switch (class_number) {
        case storage::kClassIn:
            return "IN";
        case storage::kClassCh:
            return "CH";
        case storage::kClassAny:
            return "ANY";
        default:
            return fmt::format("CLASS{}", class_number);
    }
}

std::string ede_to_text(uint16_t info_code) {
    // RFC 8914 §4 and the registry that it opens.
    constexpr std::array<const char*, 25> kNames = {"Other",
                                                    "Unsupported DNSKEY Algorithm",
                                                    "Unsupported DS Digest Type",
                                                    "Stale Answer",
                                                    "Forged Answer",
                                                    "DNSSEC Indeterminate",
                                                    "DNSSEC Bogus",
                                                    "Signature Expired",
                                                    "Signature Not Yet Valid",
                                                    "DNSKEY Missing",
                                                    "RRSIGs Missing",
                                                    "No Zone Key Bit Set",
                                                    "NSEC Missing",
                                                    "Cached Error",
                                                    "Not Ready",
                                                    "Blocked",
                                                    "Censored",
                                                    "Filtered",
                                                    "Prohibited",
                                                    "Stale NXDomain Answer",
                                                    "Not Authoritative",
                                                    "Not Supported",
                                                    "No Reachable Authority",
                                                    "Network Error",
                                                    "Invalid Data"};
    return info_code < kNames.size() ? kNames[info_code] : "";
}

}  // namespace gatepost::tools
