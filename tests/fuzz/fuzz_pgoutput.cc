// What PostgreSQL sends: messages of pgoutput (input begins with 'P') or rows of a binary COPY of
// rrsets
// ('C'), each behind a length of 16 bits.
#include <cstddef>
#include <cstdint>

#include "controlplane/pg/copy.h"
#include "controlplane/pg/text_array.h"
#include "controlplane/sync/row_writer.h"
#include "controlplane/sync/transaction_decoder.h"

using namespace gatepost;
using namespace gatepost::controlplane;

namespace {

constexpr size_t kTransactionBytes = 1 << 20;

void read_rrset(const RRsetRow& row) {
    std::vector<std::string_view> values;
    (void)text_array_from_binary(row.rdata, values);
}

void follow(ByteReader& input) {
    TransactionDecoder decoder(kTransactionBytes);
    while (!input.at_end()) {
        const auto complete = decoder.feed(input.bytes(input.u16()));
        if (!complete || !*complete) continue;
        decoder.batch().group_by_zone();
        for (const Change& change : decoder.batch().changes()) {
            if (change.kind == ChangeKind::zone_put)
                (void)soa_from_row(decoder.batch().zone(change));
            else if (change.kind != ChangeKind::zone_remove)
                read_rrset(decoder.batch().rrset(change));
        }
        decoder.batch().clear();
    }
}

void load(ByteReader& input) {
    const auto columns = RRsetColumns::resolve(RRsetColumns::kNames).value();
    CopyBinaryReader reader;
    std::vector<TupleField> tuple;
    while (!input.at_end()) {
        const auto fields = reader.row(input.bytes(input.u16()));
        if (!fields) continue;
        tuple.clear();
        for (const CopyField& field : *fields)
            tuple.push_back({field.bytes, field.null ? FieldKind::null : FieldKind::binary});
        if (const auto row = columns.row(tuple)) read_rrset(*row);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader input(Bytes(data, size));
    switch (input.u8()) {
        case 'P':
            follow(input);
            break;
        case 'C':
            load(input);
            break;
        default:
            break;
    }
    return 0;
}
