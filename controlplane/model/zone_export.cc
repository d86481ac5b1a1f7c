#include "controlplane/model/zone_export.h"

#include <fmt/format.h>

#include "controlplane/model/names.h"
#include "controlplane/model/zone.h"
#include "controlplane/pg/copy.h"
#include "controlplane/pg/text_array.h"
#include "controlplane/pg/transaction.h"
#include "storage/zone/rdata.h"

namespace gatepost::controlplane {
namespace {

using storage::MasterRecord;
using storage::ZoneData;
using storage::ZoneDataBuilder;

// Adds the rows of a COPY, one RRset each, to a builder.
class RowReader {
  public:
    RowReader(ZoneDataBuilder& builder, std::vector<std::string>* problems)
        : builder_(builder), problems_(problems) {}

    Status take(Bytes message) {
        auto fields = reader_.row(message);
        if (!fields) return tl::unexpected(std::move(fields).error());
        if (fields->empty()) return {};
        const std::string_view name = (*fields)[0].text();
        const std::string_view type = (*fields)[1].text();
        auto owner = storage::dname_from_text(name);
        auto rrtype = storage::rrtype_from_text(type);
        if (!owner || !rrtype)
            return problem(name, type, (owner ? rrtype.error() : owner.error()).message);
        if (Status parsed = text_array_from_binary((*fields)[3].bytes, values_); !parsed)
            return problem(name, type, parsed.error().message);
        for (const std::string_view value : values_) {
            wire_.clear();
            if (Status parsed = storage::rdata_from_text(*rrtype, value, {}, wire_); !parsed) {
                if (Status kept = problem(name, type,
                                          fmt::format("\"{}\": {}", value, parsed.error().message));
                    !kept)
                    return kept;
                continue;
            }
            builder_.add(
                {owner->view(), *rrtype, static_cast<uint32_t>((*fields)[2].integer()), wire_});
        }
        return {};
    }

  private:
    Status problem(std::string_view name, std::string_view type, std::string_view what) {
        std::string text = fmt::format("{} {}: {}", name, type, what);
        if (problems_ == nullptr) return tl::unexpected(Error{ErrorCode::invalid, std::move(text)});
        problems_->push_back(std::move(text));
        return {};
    }

    ZoneDataBuilder& builder_;
    std::vector<std::string>* problems_;
    CopyBinaryReader reader_;
    std::vector<std::string_view> values_;
    std::vector<uint8_t> wire_;
};

Status add_soa(const Zone& row, storage::DnameView apex, ZoneDataBuilder& builder) {
    auto mname = storage::dname_from_text(row.mname);
    if (!mname) return wrap("mname", std::move(mname).error());
    auto rname = storage::dname_from_text(row.rname);
    if (!rname) return wrap("rname", std::move(rname).error());
    std::vector<uint8_t> wire;
    storage::soa_to_rdata(
        {*mname, *rname, row.serial, row.refresh, row.retry, row.expire, row.minimum, 0}, wire);
    builder.add({apex, storage::RRType::SOA, row.soa_ttl, wire});
    return {};
}

}  // namespace

Result<ZoneData> zone_read(Connection& connection, std::string_view name,
                           std::vector<std::string>* problems) {
    // The zone's row and its RRsets must be of one moment.
    auto transaction = Transaction::begin(connection);
    if (!transaction) return tl::unexpected(std::move(transaction).error());
    if (auto set = connection.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        !set)
        return tl::unexpected(std::move(set).error());
    auto row = zone_get(connection, name);
    if (!row) return tl::unexpected(std::move(row).error());
    auto apex = absolute_name(row->name);
    if (!apex) return tl::unexpected(std::move(apex).error());

    ZoneDataBuilder builder(*apex);
    if (Status added = add_soa(*row, *apex, builder); !added)
        return tl::unexpected(std::move(added).error());
    RowReader rows(builder, problems);
    auto copied = connection.copy_out(
        fmt::format("COPY (SELECT name, type, ttl, rdata FROM gatepost.rrsets WHERE zone_id = {}) "
                    "TO STDOUT (FORMAT binary)",
                    row->id),
        [&](Bytes message) { return rows.take(message); });
    if (!copied) return wrap("reading zone " + row->name, std::move(copied).error());
    if (Status ended = transaction->rollback(); !ended)
        return tl::unexpected(std::move(ended).error());
    return builder.finish();
}

Status zone_export(Connection& connection, std::string_view name,
                   const std::function<Status(const storage::RRset&)>& sink) {
    auto zone = zone_read(connection, name);
    if (!zone) return tl::unexpected(std::move(zone).error());
    if (Status taken = sink(*zone->soa_rrset()); !taken) return taken;
    for (const storage::RRset& rrset : zone->rrsets())
        if (Status taken = sink(rrset); !taken) return taken;
    return {};
}

}  // namespace gatepost::controlplane
