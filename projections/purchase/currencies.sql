-- What did customers pay in, and how often before `until_day`?
SELECT
    currency,
    count(*) AS purchases
FROM purchase
WHERE (purchased_at AT TIME ZONE %(zone)s)::date < %(until_day)s
GROUP BY currency
ORDER BY purchases DESC, currency
