// Rows of the tables that the directory is made of; see rows.h for the way columns are found.
#pragma once

#include "controlplane/directory/directory_change.h"
#include "controlplane/sync/rows.h"

namespace gatepost::controlplane {

inline constexpr std::string_view kCertificatesTable = "certificates";
inline constexpr std::string_view kPinsTable = "service_certificates";
inline constexpr std::string_view kRedirectsTable = "redirects";
inline constexpr std::string_view kChallengesTable = "acme_challenges";

class CertificateColumns {
  public:
    static constexpr std::string_view kTable = kCertificatesTable;
    // The validity is the certificate's own: the columns are for people.
    static constexpr std::array<std::string_view, 8> kNames = {
        "id", "domain", "type", "key_type", "chain", "sealed_key", "ocsp_response", "names"};

    static Result<CertificateColumns> resolve(std::span<const std::string_view> columns);
    Result<CertificateRow> row(Tuple tuple) const;
    Result<CertificateKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class PinColumns {
  public:
    static constexpr std::string_view kTable = kPinsTable;
    static constexpr std::array<std::string_view, 3> kNames = {"service", "domain", "type"};

    static Result<PinColumns> resolve(std::span<const std::string_view> columns);
    Result<PinRow> row(Tuple tuple) const;
    Result<PinKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class RedirectColumns {
  public:
    static constexpr std::string_view kTable = kRedirectsTable;
    static constexpr std::array<std::string_view, 4> kNames = {"host", "url", "code", "keep_path"};

    static Result<RedirectColumns> resolve(std::span<const std::string_view> columns);
    Result<RedirectRow> row(Tuple tuple) const;
    Result<RedirectKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

class ChallengeColumns {
  public:
    static constexpr std::string_view kTable = kChallengesTable;
    static constexpr std::array<std::string_view, 3> kNames = {"host", "token",
                                                               "key_authorization"};

    static Result<ChallengeColumns> resolve(std::span<const std::string_view> columns);
    Result<ChallengeRow> row(Tuple tuple) const;
    Result<ChallengeKey> key(Tuple tuple) const;

  private:
    ColumnIndexes<kNames.size()> index_{};
};

}  // namespace gatepost::controlplane
