// The one writer of a zones arena. Builds it in bulk or changes it in place, one transaction at a
// time; readers see all of a transaction or nothing of it.
//
//   writer.put_zone / put_rrset / remove_… …      // invisible to readers
//   writer.publish(origin)                        // now visible, atomically
//
// Changes of one zone inside a transaction can be checked and, if they break a rule, taken back
// without touching those of other zones:
//
//   writer.begin_zone();  …changes of that zone only…
//   if (Status ok = writer.finish_zone(); !ok) { /* rolled back: the zone is as it was before
//   begin_zone */ }
//
// Not thread-safe: one thread owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "storage/arena/arena_origin.h"
#include "storage/arena/qsbr.h"
#include "storage/arena/segment.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"
#include "storage/zone/soa.h"
#include "storage/zone_index/cookie_secrets.h"

namespace gatepost::storage {

using ZoneIndex = uint32_t;  // of a zone in the arena; reused after remove_zone

struct ArenaStats {
    uint64_t version = 0;
    uint64_t zones = 0;
    uint64_t names = 0;  // nodes, empty non-terminals included
    uint64_t rrsets = 0;
    uint64_t used_bytes = 0;     // everything up to the high-water mark
    uint64_t free_bytes = 0;     // reusable blocks below it
    uint64_t retired_bytes = 0;  // waiting for readers
    uint64_t size_max_bytes = 0;
};

using SoaFields = Soa;

class ZoneIndexWriter {
  public:
    // Takes the segment over and lays an empty arena out in it. `generation` names it to readers
    // and must grow from arena to arena. `qsbr` outlives the writer. `names_expected` sizes the
    // table at the start.
    static Result<std::unique_ptr<ZoneIndexWriter>> create(Segment segment, Qsbr& qsbr,
                                                           uint64_t generation,
                                                           size_t names_expected = 0);
    ~ZoneIndexWriter();

    // A new zone, with its SOA. Refused where one of that name is there.
    Result<ZoneIndex> add_zone(DnameView apex, const SoaFields& soa);
    Status set_soa(ZoneIndex zone, const SoaFields& soa);
    void remove_zone(ZoneIndex zone);  // with everything in it

    // Sets the RRset of that owner and type to exactly these data (wire form, uncompressed). RRSIGs
    // go in as type RRSIG with all signatures of the owner; serving puts each behind what it
    // covers. Refused: owner outside the zone, SOA (see set_soa), meta types, no data, data that
    // cannot fit a message.
    Status put_rrset(ZoneIndex zone, DnameView owner, RRType type, uint32_t ttl,
                     std::span<const Bytes> rdatas);
    // Taking away what is not there is not an error.
    Status remove_rrset(ZoneIndex zone, DnameView owner, RRType type);

    void begin_zone();
    // Checks every name touched since begin_zone (CNAME and DNAME alone, RFC 1034 §3.6.2, RFC 6672
    // §2.4).
    Status finish_zone();
    void rollback_zone();

    // The secrets of DNS cookies, from the next publish on.
    Status set_cookie_secrets(const CookieSecretSet& secrets);

    // Makes everything since the last publish visible, in one step.
    void publish(ArenaOrigin origin);
    // Takes back everything since the last publish.
    void abort();

    // Frees what no reader can see any more. Cheap; called by publish too.
    void reclaim();

    ArenaStats stats() const;
    const Segment& segment() const;
    uint64_t generation() const;

    class State;  // the writer's private half

  private:
    explicit ZoneIndexWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gatepost::storage
