-- What other programs read: one row a record for people and reports, and the publication that the
-- edges follow.

CREATE VIEW gatepost.records AS
    SELECT z.name AS zone, r.name, r.type, r.ttl, v.value
    FROM gatepost.rrsets r
    JOIN gatepost.zones z ON z.id = r.zone_id
    CROSS JOIN LATERAL unnest(r.rdata) AS v (value)
    UNION ALL
    SELECT z.name, z.name, 'SOA', z.soa_ttl,
           format('%s %s %s %s %s %s %s', z.mname, z.rname, z.serial, z.refresh, z.retry,
                  z.expire, z.minimum)
    FROM gatepost.zones z;
COMMENT ON VIEW gatepost.records IS
    'Every record of every zone, the SOA records too, in presentation form.';

-- Changes carry the old key only (the primary key as replica identity), and of a zone no more than
-- its SOA.
CREATE PUBLICATION gatepost FOR TABLE
    gatepost.zones (id, name, mname, rname, serial, refresh, retry, expire, minimum, soa_ttl),
    gatepost.rrsets;
