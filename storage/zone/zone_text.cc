#include "storage/zone/zone_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "storage/zone/rdata.h"
#include "storage/zone/soa.h"

namespace gatepost::storage {

namespace {

constexpr size_t kOwnerColumns = 24;
constexpr size_t kTtlColumns = 7;
constexpr size_t kTypeColumns = 8;
constexpr size_t kNumberColumns = 10;                                          // of 2^32
constexpr size_t kSoaIndent = kOwnerColumns + kTtlColumns + 3 + kTypeColumns;  // where data begins
constexpr size_t kPieceOctets = 1 << 16;

// 5400 as "1h30m".
std::string duration(uint32_t seconds) {
    if (seconds == 0) return "0s";
    std::string text;
    constexpr std::pair<uint32_t, char> kUnits[] = {
        {604800, 'w'}, {86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    for (auto [unit, letter] : kUnits) {
        if (seconds / unit > 0) text += fmt::format("{}{}", seconds / unit, letter);
        seconds %= unit;
    }
    return text;
}

uint32_t ttl_of(const RRset& rrset, Bytes rdata) {
    // RFC 4034 §3.1.4: a signature's TTL is that of what it covers, not of its neighbours.
    if (rrset.type() == RRType::RRSIG && rdata.size() >= 8)
        return std::min(load_be32(rdata.data() + 4), kTtlMax);
    return rrset.ttl();
}

// `name` as it reads behind "$ORIGIN origin".
std::string relative_text(DnameView name, DnameView origin) {
    if (dname_equal(name, origin)) return std::string(1, '@');
    if (!dname_is_subdomain(name, origin)) return dname_to_text(name);
    uint8_t labels[kDnameLengthMax];
    size_t length = name.length() - origin.length();
    std::memcpy(labels, name.data(), length);
    labels[length] = 0;
    std::string text = dname_to_text(DnameView(labels, length + 1));
    text.pop_back();  // the final dot
    return text;
}

uint32_t most_common_ttl(const ZoneData& zone) {
    std::unordered_map<uint32_t, size_t> counts;
    if (zone.soa_rrset() != nullptr) ++counts[zone.soa_rrset()->ttl()];
    for (const RRset& rrset : zone.rrsets()) counts[rrset.ttl()] += rrset.count();
    uint32_t best = 3600;
    size_t best_count = 0;
    for (auto [ttl, count] : counts) {
        if (count < best_count || (count == best_count && ttl > best)) continue;
        best = ttl;
        best_count = count;
    }
    return best;
}

}  // namespace

ZoneTextWriter::ZoneTextWriter(DnameView apex, uint32_t default_ttl, const ZoneTextOptions& options,
                               std::string& out)
    : apex_(apex), default_ttl_(default_ttl), options_(options), out_(out) {
    out_ += fmt::format("$ORIGIN {}\n$TTL {}\n", dname_to_text(apex), default_ttl);
}

// Fills up with blanks to `columns` behind `start`, with one at least.
void ZoneTextWriter::pad(size_t start, size_t columns) {
    size_t width = out_.size() - start;
    out_.append(width < columns ? columns - width : 1, ' ');
}

void ZoneTextWriter::write_owner(DnameView owner) {
    bool known = !owner_text_.empty() && owner_.length() == owner.length() &&
                 std::memcmp(owner_.view().data(), owner.data(), owner.length()) == 0;
    if (!known) {
        owner_ = Dname(owner);
        owner_text_ = options_.relative ? relative_text(owner, apex_) : dname_to_text(owner);
    }
    out_ += owner_text_;
}

void ZoneTextWriter::write_head(const RRset& rrset, Bytes rdata) {
    size_t start = out_.size();
    write_owner(rrset.owner());
    pad(start, kOwnerColumns);
    start = out_.size();
    uint32_t ttl = ttl_of(rrset, rdata);
    // A signature without a TTL would be read with its own, not with that of $TTL (RFC 2308 §4).
    if (ttl != default_ttl_ || rrset.type() == RRType::RRSIG)
        fmt::format_to(std::back_inserter(out_), "{}", ttl);
    pad(start, kTtlColumns);
    out_ += "IN ";
    start = out_.size();
    out_ += rrtype_to_text(rrset.type());
    pad(start, kTypeColumns);
}

void ZoneTextWriter::write(const RRset& rrset) {
    for (Bytes rdata : rrset.rdatas()) {
        write_head(rrset, rdata);
        if (rrset.type() == RRType::SOA) {
            write_soa(rdata);
        } else {
            out_ += rdata_to_text(rrset.type(), rdata);
        }
        out_ += '\n';
    }
}

void ZoneTextWriter::write_soa(Bytes rdata) {
    Result<Soa> soa = soa_from_rdata(rdata);
    if (!soa) {
        out_ += rdata_to_text(RRType::SOA, rdata);
        return;
    }
    out_ += fmt::format("{} {} (\n", dname_to_text(soa->mname), dname_to_text(soa->rname));
    auto line = [&](std::string number, std::string_view comment) {
        out_ += fmt::format("{:{}}{:{}} ; {}", "", kSoaIndent, number, kNumberColumns + 2, comment);
    };
    line(fmt::format("{}", soa->serial), "serial\n");
    line(fmt::format("{}", soa->refresh), fmt::format("refresh ({})\n", duration(soa->refresh)));
    line(fmt::format("{}", soa->retry), fmt::format("retry ({})\n", duration(soa->retry)));
    line(fmt::format("{}", soa->expire), fmt::format("expire ({})\n", duration(soa->expire)));
    line(fmt::format("{} )", soa->minimum),
         fmt::format("TTL of negative answers ({})", duration(soa->minimum)));
}

Status write_zone_text(const ZoneData& zone, const ZoneTextOptions& options,
                       const std::function<Status(std::string_view)>& write) {
    std::string text;
    text.reserve(2 * kPieceOctets);
    ZoneTextWriter writer(zone.apex(), most_common_ttl(zone), options, text);
    if (zone.soa_rrset() != nullptr) writer.write(*zone.soa_rrset());
    for (const RRset& rrset : zone.rrsets()) {
        writer.write(rrset);
        if (text.size() < kPieceOctets) continue;
        if (Status written = write(text); !written) return written;
        text.clear();
    }
    return write(text);
}

std::string zone_to_text(const ZoneData& zone, const ZoneTextOptions& options) {
    std::string whole;
    // The sink never fails, and so neither does the writing.
    (void)write_zone_text(zone, options, [&](std::string_view piece) -> Status {
        whole += piece;
        return {};
    });
    return whole;
}

}  // namespace gatepost::storage
