#include "storage/zone/soa.h"

namespace gatepost::storage {

Result<Soa> soa_from_rdata(Bytes rdata) {
    ByteReader reader(rdata);
    Soa soa;
    for (Dname* name : {&soa.mname, &soa.rname}) {
        Result<Dname> parsed = dname_from_wire(reader);
        if (!parsed) return wrap("the SOA record's data", parsed.error());
        *name = *parsed;
    }
    for (uint32_t* number : {&soa.serial, &soa.refresh, &soa.retry, &soa.expire, &soa.minimum})
        *number = reader.u32();
    if (!reader.ok() || !reader.at_end())
        return fail(ErrorCode::invalid,
                    "the SOA record's data of {} octets is {}, expected two names and five numbers",
                    rdata.size(), reader.ok() ? "too long" : "cut short");
    return soa;
}

void soa_to_rdata(const Soa& soa, std::vector<uint8_t>& out) {
    ByteWriter writer(out);
    writer.bytes(soa.mname.view().wire());
    writer.bytes(soa.rname.view().wire());
    for (uint32_t number : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum})
        writer.u32(number);
}

}  // namespace gatepost::storage
