// The rules of zone_check.h, one function a subject. Private to it.
#pragma once

#include <string>
#include <string_view>

#include "storage/zone/zone_check.h"
#include "storage/zone/zone_check_names.h"

namespace gatepost::storage {

class ZoneChecker {
  public:
    ZoneChecker(const ZoneData& zone, const ZoneCheckOptions& options)
        : zone_(zone), names_(zone), options_(options) {}

    ZoneCheckReport run();

  private:
    void check_apex();
    void check_soa(const RRset& rrset);
    void check_soa_times(const RRset& rrset, const Soa& soa);
    void check_ttls();

    void check_name(const ZoneName& name);
    void check_sizes(const ZoneName& name);
    void check_occluded(const ZoneName& name);
    void check_cname(const ZoneName& name);
    void check_dname(const ZoneName& name);
    void check_delegation(const ZoneName& name);
    void check_spf(const ZoneName& name);
    void check_ns_targets(const ZoneName& name);
    void check_targets(const ZoneName& name, RRType type, std::string_view alias_rule,
                       std::string_view nowhere_rule);

    bool is_apex(const ZoneName& name) const { return dname_equal(name.name, zone_.apex()); }
    void tell(Severity severity, std::string_view rule, const RRset& rrset, std::string message);
    void tell(Severity severity, std::string_view rule, DnameView owner, RRType type,
              std::string place, std::string message);

    const ZoneData& zone_;
    ZoneNames names_;
    const ZoneCheckOptions& options_;
    ZoneCheckReport report_;
};

}  // namespace gatepost::storage
