/** S3 as an object store of the archive. Nothing else of the product knows S3. */
package io.qaexchange.s3;
