// Certificates in the database, and which type of them a service is to use. What is in them has
// been looked at before (controlplane/certificate); here they are rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

// Without the key and the chain.
struct CertificateInfo {
    int64_t id = 0;
    std::string domain;
    std::string type;      // live, staged, self-signed
    std::string key_type;  // ecdsa, rsa, ed25519
    std::vector<std::string> names;
    std::string issuer;
    std::string subject;
    std::string serial_number;
    std::string fingerprint;  // SHA-256, hexadecimal
    std::string not_before;   // RFC 3339, UTC, as all times here
    std::string not_after;
    std::string status;  // expired, critical, warning, valid
    int64_t days_left = 0;
    std::vector<std::string> used_by;  // services
    bool has_ocsp_response = false;
    std::string sealing_key;  // the key of the key file that the private key is sealed with
    std::string source;       // import, self-signed, keeper, sql
    std::string created_at;
};

struct NewCertificate {
    std::string domain;
    std::string type;
    std::string key_type;
    std::string chain;  // PEM, the leaf first
    std::vector<uint8_t> sealed_key;
    std::vector<uint8_t> ocsp_response;  // empty: none
    std::vector<std::string> names;
    std::string issuer;
    std::string subject;
    std::string serial_number;
    std::string fingerprint;
    int64_t not_before_s = 0;  // seconds since 1970
    int64_t not_after_s = 0;
    std::string source;
};

// One with what only an export needs.
struct StoredCertificate {
    CertificateInfo info;
    std::string chain;
    std::vector<uint8_t> sealed_key;
};

struct CertificateFilter {
    std::string domain;              // empty: all
    std::string type;                // empty: all
    std::string key_type;            // empty: all
    std::optional<int> expire_days;  // only those that end within so many days
};

struct CertificateResult {
    std::vector<CertificateInfo> before;  // those that went or were replaced
    std::vector<CertificateInfo> after;   // those that came
    // A position that an edge has reached when it shows the change; 0 after a dry run, or where
    // nothing changed.
    Lsn lsn = 0;
};

// By domain, and within it in the order of preference.
Result<std::vector<CertificateInfo>> certificate_list(Connection& connection,
                                                      const CertificateFilter& filter = {});
Result<std::vector<StoredCertificate>> certificate_get(Connection& connection,
                                                       const CertificateFilter& filter);

// Puts it in the place of the one with the same domain, type and kind of key. The very same
// certificate again changes nothing but its OCSP response.
Result<CertificateResult> certificate_put(Connection& connection, const NewCertificate& certificate,
                                          const WriteOptions& options);
// The same inside a transaction of the caller's.
Status certificate_write(Connection& connection, const NewCertificate& certificate);
// Those that the filter names, which must be some.
Result<CertificateResult> certificate_remove(Connection& connection,
                                             const CertificateFilter& filter,
                                             const WriteOptions& options);

// A row of gatepost.service_certificates.
struct ServiceCertificate {
    std::string service;  // "*": all
    std::string domain;
    std::string type;
};

struct SelectResult {
    std::string before;  // the type that was pinned; empty: none
    std::string after;
    Lsn lsn = 0;
};

Result<std::vector<ServiceCertificate>> service_certificate_list(Connection& connection,
                                                                 std::string_view domain = {});
// An empty `type`: no longer pinned, the order of preference counts.
Result<SelectResult> service_certificate_set(Connection& connection,
                                             const ServiceCertificate& wanted,
                                             const WriteOptions& options);

}  // namespace gatepost::controlplane
