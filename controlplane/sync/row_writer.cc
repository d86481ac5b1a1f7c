#include "controlplane/sync/row_writer.h"

#include "controlplane/pg/text_array.h"
#include "storage/zone/rdata.h"

namespace gatepost::controlplane {

namespace {

using storage::Dname;
using storage::RRType;

constexpr int64_t kTtlMax = 0x7fffffff;     // seconds, RFC 2181 §8
constexpr int64_t kSerialMax = 0xffffffff;  // RFC 1982: 32 bits

Status in_range(std::string_view zone, std::string_view what, int64_t value, int64_t max) {
    if (value >= 0 && value <= max) return {};
    return fail(ErrorCode::invalid, "zone {} has the {} {}; it must be from 0 to {}", zone, what,
                value, max);
}

Result<Dname> absolute_name(std::string_view text) {
    if (text.empty() || text.back() != '.')
        return fail(ErrorCode::invalid, "'{}' is not an absolute name: it has no final dot", text);
    return storage::dname_from_text(text);
}

tl::unexpected<Error> about(const RRsetKey& key, Error error) {
    return wrap(fmt::format("{} {}", key.name, key.type), std::move(error));
}

}  // namespace

Result<storage::SoaFields> soa_from_row(const ZoneRow& row) {
    struct Number {
        std::string_view what;
        int64_t value;
        int64_t max;
    };
    const Number numbers[] = {
        {"serial", row.serial, kSerialMax}, {"refresh time", row.refresh, kTtlMax},
        {"retry time", row.retry, kTtlMax}, {"expire time", row.expire, kTtlMax},
        {"minimum", row.minimum, kTtlMax},  {"SOA TTL", row.soa_ttl, kTtlMax}};
    for (const Number& number : numbers)
        if (Status ok = in_range(row.name, number.what, number.value, number.max); !ok)
            return tl::unexpected(std::move(ok).error());
    auto mname = absolute_name(row.mname);
    if (!mname) return wrap(fmt::format("zone {}: SOA MNAME", row.name), std::move(mname).error());
    auto rname = absolute_name(row.rname);
    if (!rname) return wrap(fmt::format("zone {}: SOA RNAME", row.name), std::move(rname).error());
    storage::SoaFields soa;
    soa.mname = *mname;
    soa.rname = *rname;
    soa.serial = static_cast<uint32_t>(row.serial);
    soa.refresh = static_cast<uint32_t>(row.refresh);
    soa.retry = static_cast<uint32_t>(row.retry);
    soa.expire = static_cast<uint32_t>(row.expire);
    soa.minimum = static_cast<uint32_t>(row.minimum);
    soa.ttl = static_cast<uint32_t>(row.soa_ttl);
    return soa;
}

Result<RRType> RowWriter::type_of(std::string_view text) {
    // Neighbouring rows mostly are of the same type.
    if (text == last_type_text_ && !text.empty()) return last_type_;
    auto type = storage::rrtype_from_text(text);
    if (type) {
        last_type_text_ = text;
        last_type_ = *type;
    }
    return type;
}

Status RowWriter::put(storage::ZoneIndex zone, const RRsetRow& row) {
    auto owner = absolute_name(row.key.name);
    if (!owner) return about(row.key, std::move(owner).error());
    const auto type = type_of(row.key.type);
    if (!type) return about(row.key, type.error());
    if (row.ttl < 0 || row.ttl > kTtlMax)
        return fail(ErrorCode::invalid, "{} {}: the TTL {} is not from 0 to {}", row.key.name,
                    row.key.type, row.ttl, kTtlMax);
    if (Status ok = text_array_from_binary(row.rdata, values_); !ok)
        return about(row.key, std::move(ok).error());
    wire_.clear();
    ends_.clear();
    for (const std::string_view value : values_) {
        if (Status ok = storage::rdata_from_text(*type, value, {}, wire_); !ok)
            return about(row.key, std::move(ok).error());
        ends_.push_back(wire_.size());
    }
    rdatas_.clear();
    size_t begin = 0;
    for (const size_t end : ends_) {
        rdatas_.push_back(Bytes(wire_).subspan(begin, end - begin));
        begin = end;
    }
    return writer_.put_rrset(zone, *owner, *type, static_cast<uint32_t>(row.ttl), rdatas_);
}

Status RowWriter::remove(storage::ZoneIndex zone, const RRsetKey& key) {
    const auto owner = absolute_name(key.name);
    const auto type = type_of(key.type);
    // What cannot be put was never there.
    if (!owner || !type || *type == RRType::SOA) return {};
    return writer_.remove_rrset(zone, *owner, *type);
}

}  // namespace gatepost::controlplane
