// Domains: what an owner registered, with a zone of the same name, and mail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/mail_domain.h"
#include "controlplane/model/write.h"
#include "controlplane/model/zone.h"
#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// More records for a new domain, as people write them.
struct ExtraRecord {
    std::string name;  // "@": the apex
    std::string type;
    std::vector<std::string> values;
};

struct NewDomain {
    NewZone zone;
    // Of the apex: IPv4 and IPv6 addresses in any order. Without any of a kind, that RRset stays as
    // it is.
    std::vector<std::string> addresses;
    std::vector<ExtraRecord> extras;
    // Mail is taken for it too. Not for reverse zones, and names that no address can have.
    bool mail = false;
};

struct DomainResult {
    WriteResult write;
    Zone zone;  // as it is after, without counts
    bool domain_created = false;
    bool zone_created = false;
    bool soa_changed = false;
    bool mail_created = false;
    // What the registrar of the domain has to know: the name servers, and the addresses of those
    // whose names lie in the zone itself ("ns1.example.org. 192.0.2.1").
    std::vector<std::string> name_servers;
    std::vector<std::string> glue;
};

// Domain, zone, apex addresses, NS set and extras in one transaction. What exists is made to be as
// asked; run again it changes nothing. Values that `domain` leaves open keep what they are.
Result<DomainResult> domain_create(Connection& connection, const NewDomain& domain,
                                   const WriteOptions& options);

// Without a zone: mail is taken for `name`, whose DNS is somebody else's.
Result<MailDomainResult> domain_create_for_mail(Connection& connection, std::string_view name,
                                                const WriteOptions& options);

struct Domain {
    std::string name;
    std::string created_at;  // RFC 3339, UTC
    std::string created_by;
    std::vector<std::string> zones;
    std::optional<MailDomain> mail;  // nullopt: no mail is taken for it
};

// All that have a zone, mail or both.
Result<std::vector<Domain>> domain_list(Connection& connection);

}  // namespace gatepost::controlplane
